"""A small crawl in memory: two classes, a few wrong labels, features that tell."""

import numpy as np

import curate

ROWS = 60
WRONG = (3, 10, 41)
NAMES = ("cat", "dog")
ADDED = [
    "weight", "label_quality", "suggested_label", "suggested_quality", "is_label_issue",
    "issue_kind", "distance", "consistency", "status", "duplicate_of", "duplicates",
]  # fmt: skip


def features(rows: int = ROWS) -> np.ndarray:
    """(rows, 4) float32; row i shows class i % 2."""
    noise = np.random.default_rng(0).normal(0, 0.2, (rows, 4))
    return (np.eye(4)[np.arange(rows) % 2] + noise).astype(np.float32)


def numbers(rows: int = ROWS) -> list[int]:
    """The given labels."""
    return [(row + (row in WRONG)) % 2 for row in range(rows)]


def labels(rows: int = ROWS) -> list[str]:
    return [NAMES[number] for number in numbers(rows)]


def weigh(table: object, **options: object) -> object:
    return curate.weight(table, embeddings=features(), graph="none", **options)
