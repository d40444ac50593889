"""A `datasets.Dataset` of Hugging Face."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import datasets
import pyarrow as pa

from curate.errors import CurateError

BATCH_ROWS = 1_000


class HuggingFaceDataset:
    """A Dataset; its features, its format and the order of its rows are kept."""

    said = "the datasets.Dataset"

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset

    @property
    def names(self) -> Sequence[str]:
        """The names of its columns."""
        names: list[str] = self._dataset.column_names
        return names

    @property
    def rows(self) -> int:
        """N."""
        return len(self._dataset)

    def tables(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Give these columns as they are stored, pictures not decoded, some rows at a time."""
        stored = self._dataset.with_format("arrow").select_columns(list(names))
        schema = stored.features.arrow_schema
        yield schema.empty_table()
        for table in stored.iter(BATCH_ROWS):
            yield table.select(schema.names).cast(schema)

    def beside(self, added: pa.Table) -> Any:
        """Give the dataset with more columns."""
        whole = self._side_by_side(datasets.Dataset(added))
        chosen = self._dataset.format
        if set(chosen["columns"]) == set(self.names):
            chosen = {**chosen, "columns": whole.column_names}
        return whole.with_format(
            chosen["type"], chosen["columns"], chosen["output_all_columns"],
            **chosen["format_kwargs"],
        )  # fmt: skip

    def _side_by_side(self, added: Any) -> Any:
        if not self.rows:  # which concatenate_datasets leaves out
            features = datasets.Features({**self._dataset.features, **added.features})
            return datasets.Dataset.from_dict({name: [] for name in features}, features=features)
        # Rows that were shuffled or selected are copied; in other formats pictures are decoded.
        stored = [each.with_format("arrow") for each in (self._dataset, added)]
        with _no_bars():
            return datasets.concatenate_datasets(stored, axis=1)


@contextmanager
def _no_bars() -> Iterator[None]:
    """Show no progress of copying rows that were shuffled or selected: it takes no time."""
    shown = datasets.is_progress_bar_enabled()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            datasets.enable_progress_bars()


def open_dataset(value: object) -> HuggingFaceDataset | None:
    """Open a Dataset; None for anything else. Raises CurateError for several, and for a stream."""
    if isinstance(value, datasets.Dataset):
        return HuggingFaceDataset(value)
    if isinstance(value, datasets.DatasetDict | datasets.IterableDatasetDict):
        names = [*value]
        raise CurateError(
            f"this {type(value).__name__} has the splits {', '.join(map(str, names))}; give one of"
            f" them, such as ds[{names[0] if names else 'train'!r}], or all:"
            " datasets.concatenate_datasets([*ds.values()])."
        )
    if isinstance(value, datasets.IterableDataset):
        raise CurateError(
            "an IterableDataset is read once and has no length; load it without streaming=True,"
            " or save it as Parquet and give that file."
        )
    return None
