"""Train a network on a weighted crawl with the Trainer of Hugging Face's transformers.

    pip install datasets accelerate
    curate demo demo
    curate export demo/crawl.weighted.parquet --to huggingface --out demo/hf --split 0.8/0.2
    python examples/train_huggingface.py demo/hf

The network is a small ResNet that knows nothing; --model microsoft/resnet-18, or another that the
hub has, begins from its weights.
"""

import argparse
import operator
from typing import Any

import numpy as np
import torch
from datasets import load_dataset
from torchvision.transforms import v2
from transformers import (
    AutoModelForImageClassification,
    ResNetConfig,
    Trainer,
    TrainingArguments,
    set_seed,
)

from curate.torch import weighted_cross_entropy

SMALL = {"embedding_size": 24, "hidden_sizes": [24, 96], "depths": [1, 1], "layer_type": "basic"}


class WeightedTrainer(Trainer):
    """A Trainer whose loss heeds the column `weight`."""

    loss_is_scaled_for_ga = False  # the loss is a mean over the batch

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor | tuple[torch.Tensor, Any]:
        """Give the weighted loss of a batch (SINet Eq. 7)."""
        outputs = model(pixel_values=inputs["pixel_values"])
        loss = weighted_cross_entropy(outputs.logits, inputs["labels"], inputs["weight"])
        return (loss, {"logits": outputs.logits}) if return_outputs else loss


def main() -> None:
    """Train, then count what is right on rows that were held out."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", help="what curate export --to huggingface wrote")
    parser.add_argument("--model", help="a hub id or a folder")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--size", type=int, default=24, help="of the pictures, in pixels")
    options = parser.parse_args()

    set_seed(0)
    data = load_dataset(options.data)
    classes = data["train"].features["label"].names
    scale = v2.Compose(
        [
            v2.PILToTensor(),
            v2.Resize((options.size, options.size)),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize([0.5] * 3, [0.25] * 3),
        ]
    )

    def inputs(rows: dict[str, list[Any]]) -> dict[str, list[Any]]:
        pixels = [scale(image.convert("RGB")) for image in rows["image"]]
        return {"pixel_values": pixels, "labels": rows["label"], "weight": rows["weight"]}

    if options.model is None:
        model = AutoModelForImageClassification.from_config(
            ResNetConfig(num_labels=len(classes), **SMALL)
        )
    else:
        model = AutoModelForImageClassification.from_pretrained(
            options.model, num_labels=len(classes), ignore_mismatched_sizes=True
        )
    arguments = TrainingArguments(
        output_dir=f"{options.data}-trained",
        num_train_epochs=options.epochs,
        per_device_train_batch_size=32,
        per_device_eval_batch_size=256,
        learning_rate=0.01,
        warmup_steps=20,
        remove_unused_columns=False,  # or the weights are taken out
        label_names=["labels"],
        save_strategy="no",
        report_to="none",
    )
    held_out = data["validation"].filter(operator.not_, input_columns="is_label_issue")
    trainer = WeightedTrainer(
        model,
        arguments,
        train_dataset=data["train"].with_transform(inputs),
        eval_dataset=held_out.with_transform(inputs),
        compute_metrics=lambda told: {
            "right": np.mean(told.predictions.argmax(1) == told.label_ids)
        },
    )
    trainer.train()
    right = trainer.evaluate()["eval_right"]
    print(f"right on {right:.1%} of {len(held_out)} held-out rows not flagged")


if __name__ == "__main__":
    main()
