"""A frozen BERT from a folder: texts in, embeddings of their tokens out.

The only module of `graphs` that imports transformers.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging as transformers_logging

MAX_TOKENS = 128
"""Longer texts are truncated; glosses and titles have 10 to 40 tokens."""
BATCH = 64

Advance = Callable[[int], None]


class FrozenBert:
    """Embed texts with any encoder of transformers that returns ``last_hidden_state``.

    Raises ValueError if the folder has no such model or no tokenizer. Nothing is downloaded, and no
    code in the folder is run.
    """

    def __init__(self, folder: Path, device: "str | torch.device" = "cpu") -> None:
        try:
            self._tokenizer, self._model = _load(folder)
            self._model.to(device)
            self._device = device
            self.dim = len(self.means(["a text"])[0])
        # A folder without a text model fails differently for each model of transformers.
        except Exception as error:
            raise ValueError(
                f"{folder} cannot be used as a text model "
                f"({type(error).__name__}: {' '.join(str(error).split())[:200]}); give the folder "
                "of an encoder such as BERT, with config.json, tokenizer and model.safetensors."
            ) from error

    def tokens(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return the embeddings (T, D) of each text's tokens, special tokens included."""
        found: dict[int, NDArray[np.float32]] = {}
        for rows, hidden, mask in self._batches(texts):
            for row, states, length in zip(rows, hidden, mask.sum(1).tolist(), strict=True):
                found[row] = states[:length].cpu().numpy()
        return [found[row] for row in range(len(texts))]

    def means(self, texts: Sequence[str], advance: Advance = lambda _: None) -> NDArray[np.float32]:
        """Return unit rows (n, D): the mean over the tokens of each text."""
        means: NDArray[np.float32] | None = None
        for rows, hidden, mask in self._batches(texts):
            summed = (hidden * mask[..., None]).sum(1)
            batch = torch.nn.functional.normalize(summed, dim=1).cpu().numpy()
            if means is None:
                means = np.empty((len(texts), batch.shape[1]), np.float32)
            means[rows] = batch
            advance(len(rows))
        return np.empty((0, self.dim), np.float32) if means is None else means

    def _batches(
        self, texts: Sequence[str]
    ) -> Iterator[tuple[list[int], torch.Tensor, torch.Tensor]]:
        """Yield batches of texts of similar length: rows, hidden states (b, T, D), mask (b, T)."""
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            inputs = self._tokenizer(
                [texts[row] for row in rows],
                padding=True,
                truncation=True,
                max_length=min(MAX_TOKENS, self._tokenizer.model_max_length),
                return_tensors="pt",
            ).to(self._device)
            with torch.inference_mode():
                hidden = self._model(**inputs).last_hidden_state.float()
            yield rows, hidden, inputs["attention_mask"]


def _load(folder: Path) -> tuple[Any, Any]:
    """Load silently: transformers prints progress bars and reports of its own."""
    logging: Any = transformers_logging
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        model = AutoModel.from_pretrained(str(folder), local_files_only=True, dtype=torch.float32)
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
    tokenizer.padding_side = "right"
    return tokenizer, model.eval()
