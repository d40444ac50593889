"""The dataset card: README.md of a Hugging Face dataset."""

import json
from collections.abc import Mapping, Sequence

SIZES = {
    1_000: "n<1K",
    10_000: "1K<n<10K",
    100_000: "10K<n<100K",
    1_000_000: "100K<n<1M",
    10_000_000: "1M<n<10M",
    100_000_000: "10M<n<100M",
    1_000_000_000: "100M<n<1B",
}
"""The Hub's words for numbers of rows below these."""
MEANINGS = {
    "weight": "multiply the loss of the row by it",
    "label_quality": "the probability that the label is right; null where it cannot be judged",
    "suggested_label": "the class that fits best",
    "suggested_quality": "the probability that this class is right",
    "is_label_issue": "whether a person should look at the label",
    "issue_kind": "relabel: another class fits; outlier: none does",
    "given_label": "the label that the crawl gave, where label is another",
    "duplicate_of": "the key of the first row that shows the same picture, or its number from 0",
    "refined_label": "the label after curate refine",
}


def write_card(
    name: str, rows: Mapping[str, int], columns: Mapping[str, str], classes: Sequence[str],
    commands: Sequence[str],
) -> str:  # fmt: skip
    """Write the card: what the Hub reads between its first two lines, then what people read.

    ``rows`` counts those of each part; ``columns`` gives the name here of each of curate's columns.
    """
    total = sum(rows.values())
    size = next((word for most, word in SIZES.items() if total < most), "n>1B")
    files = "".join(f'  - split: {part}\n    path: "{part}/*.parquet"\n' for part in rows)
    parts = "".join(f"| {part} | {count:,} |\n" for part, count in rows.items())
    meant = "".join(
        f"| `{columns[ours]}` | {meaning} |\n"
        for ours, meaning in MEANINGS.items()
        if ours in columns
    )
    made = "".join(f"    {command}\n" for command in commands)
    return (
        "---\n"
        f"pretty_name: {json.dumps(name)}\n"
        "task_categories:\n- image-classification\n"
        f"size_categories:\n- {size}\n"
        "tags:\n- curate\n- noisy-labels\n"
        f"configs:\n- config_name: default\n  data_files:\n{files}"
        "---\n\n"
        f"# {name}\n\n"
        f"{total:,} images of a web crawl in {len(classes):,} classes. Some labels are wrong: every"
        " row says how likely its label is right, and what it should weigh in training.\n\n"
        f"| part | rows |\n|---|---|\n{parts}\n"
        f"| column | meaning |\n|---|---|\n{meant}\n"
        "```python\n"
        "from datasets import load_dataset\n\n"
        'rows = load_dataset("THIS_FOLDER", split="train")\n'
        "```\n\n"
        "The pictures belong to those who made them: `curate` knows nothing of their licences.\n\n"
        f"Made by\n\n{made}"
    )
