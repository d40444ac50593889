"""Pictures, labels and weights of a crawl and of test rows, in memory."""

from pathlib import Path
from typing import NamedTuple

import polars as pl
import torch
from torch import Tensor

from curate.errors import CurateError
from curate.images.decode import decode
from curate.images.preprocess import Preprocess
from curate.torch import WeightedImages


class Rows(NamedTuple):
    """Rows of the crawl, or of the test table."""

    images: Tensor
    """(n, 3, side, side) bytes."""
    labels: Tensor
    """(n,) numbers of classes, or (n, C) shares of them."""
    weights: Tensor
    """(n,), 0 or more."""

    def at(self, places: Tensor) -> "Rows":
        """Choose rows by their places (m,) or a mask (n,)."""
        return Rows(*(column[places] for column in self))


class Crawl(NamedTuple):
    """The rows that are trained on, and what they come from."""

    data: WeightedImages
    rows: Rows
    places: Tensor
    """(n,): the rows' places in ``data``."""
    keys: tuple[str, ...]
    """(n,)"""
    test: Rows
    """Rows with right labels, which are scored on."""

    @property
    def classes(self) -> int:
        """Return C."""
        return len(self.data.classes)


def read_crawl(path: Path, side: int, test: Path, label: str, share: float = 1.0) -> Crawl:
    """Read what curate weight wrote, and a share of the rows of the table ``test``.

    The table has a column ``label`` of right labels, and either `image` or `key`, of rows of the
    crawl; these are then left out of the rows that are trained on.
    """
    data = WeightedImages(path, size=side, keep="all")
    images, labels, weights, keys = zip(*(data[place] for place in range(len(data))), strict=True)
    crawl = Rows(torch.stack(images), torch.stack(labels).long(), torch.stack(weights))
    left = torch.arange(len(keys))
    table = right_labels(test, label, data.classes).sample(fraction=share, seed=0)
    if "image" in table.columns:
        pictures = torch.stack([picture(image, test.parent, side) for image in table["image"]])
        scored = Rows(pictures, table["right"].to_torch(), torch.ones(len(table)))
    else:
        held, table = places_of(table, keys)
        scored = crawl.at(held)._replace(labels=table["right"].to_torch())
        left = left[torch.ones(len(keys), dtype=torch.bool).index_fill(0, held, False)]
    if not len(scored.labels) or not len(left):
        raise CurateError(
            f"{test}: {len(scored.labels)} of its rows can be scored on, and {len(left)} rows are"
            " left to train on; see to its keys, and to the options that say which of its rows and"
            " columns are used."
        )
    kept = tuple(keys[place] for place in left)
    return Crawl(data, crawl.at(left), left, kept, scored)


def right_labels(path: Path, label: str, classes: list[str]) -> pl.DataFrame:
    """Read a table; its column `right` has the numbers of its labels. Other labels are left out."""
    number = pl.col(label).cast(pl.Enum(classes), strict=False).to_physical()
    return read_table(path).with_columns(number.cast(pl.Int64).alias("right")).drop_nulls("right")


def read_table(path: Path) -> pl.DataFrame:
    """Read Parquet or CSV."""
    as_text = path.suffix == ".csv"
    return pl.read_csv(path, infer_schema=False) if as_text else pl.read_parquet(path)


def places_of(table: pl.DataFrame, keys: tuple[str, ...]) -> tuple[Tensor, pl.DataFrame]:
    """Find the rows of a table among keys (n,): their places (m,), and the rows that are there."""
    places = dict(zip(keys, range(len(keys)), strict=True))
    found = table.with_columns(pl.col("key").cast(pl.String)).filter(pl.col("key").is_in(places))
    return torch.tensor([places[key] for key in found["key"]], dtype=torch.long), found


def picture(image: bytes | str, folder: Path, side: int) -> Tensor:
    """Decode a test picture (3, side, side) as the crawl's are."""
    data = image if isinstance(image, bytes) else Path(folder, image).read_bytes()
    return torch.from_numpy(decode(data, Preprocess(side))).permute(2, 0, 1)
