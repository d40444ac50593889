"""The classes' names in the image tower's space: embeddings by open_clip's text tower."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from curate.crawl.stored_features import StoredFeatures
from curate.encoders.device import torch_device
from curate.encoders.openclip import open_clip_parts
from curate.encoders.spec import split_encoders
from curate.errors import CurateError
from curate.manifest.plan import Shard
from curate.relations.senses import ClassTable
from curate.store.code import code_of
from curate.store.fingerprint import file_identity, fingerprint
from curate.store.run import Run
from curate.terminal.progress import progress_bar
from prototypes.engine.blocks import unit_rows
from prototypes.score.evidence import ClassTexts

KIND = "open_clip:"


def check_zero_shot(encoder: str | None) -> int:
    """Return which of the encoders is open_clip's; raises CurateError where none is."""
    specs = [] if encoder is None else split_encoders(encoder)
    found = [at for at, spec in enumerate(specs) if spec.startswith(KIND)]
    if not found:
        what = "features that are there already" if encoder is None else f"--encoder {encoder}"
        raise CurateError(
            f"--zero-shot compares images with class names by the text tower of an open_clip model,"
            f" and {what} has none; choose --encoder open_clip:ARCH/TAG, or leave --zero-shot out."
        )
    return found[0]


@dataclass(frozen=True)
class ZeroShot:
    """The classes' names where the images are."""

    name: str
    """Another name, other texts."""
    texts: ClassTexts


def read_classes(
    encoder: str | None,
    table: ClassTable,
    features: StoredFeatures,
    shards: Sequence[Shard],
    device: str,
    run: Run,
    console: Console,
) -> ZeroShot:
    """Make or find the unit rows (C, E) of the classes' names.

    A class is its names, which commas divide, averaged; its label where it has no name. The
    image tower's part of the features is found beside those of other encoders. Raises CurateError
    unless one of the encoders is open_clip's.
    """
    part = check_zero_shot(encoder)
    spec = split_encoders(str(encoder))[part]
    arch, tag, checkpoint = open_clip_parts(spec.removeprefix(KIND))
    names = [name or label for label, name in table.select("label", "name").iter_rows()]
    store = run.step("zero_shot")
    weights = None if checkpoint is None or not checkpoint.is_file() else file_identity(checkpoint)
    made = fingerprint(code=code_of(__name__), arch=arch, tag=tag, weights=weights, names=names)
    if made not in store:
        vectors = _embedded(names, arch, tag, checkpoint, device, console)
        store.write(made, {"vectors": vectors}, encoder=spec, names=names)
    vectors = np.asarray(store.array(made, "vectors"))
    columns = features.columns(part, shards[0].name)
    return ZeroShot(fingerprint(texts=made, columns=columns), ClassTexts(vectors, columns))


def _embedded(
    texts: list[str], arch: str, tag: str, checkpoint: Path | None, device: str, console: Console
) -> NDArray[np.float32]:
    from curate.encoders.openclip import embed_names, open_model

    model, _ = open_model(arch, tag, checkpoint)
    names = [[part.strip() for part in text.split(",") if part.strip()] or [text] for text in texts]
    distinct = list(dict.fromkeys(name for own in names for name in own))
    index = {name: at for at, name in enumerate(distinct)}
    with progress_bar(console, "Reading class names", len(distinct)) as advance:
        vectors = embed_names(arch, model, distinct, torch_device(device), advance)
    return unit_rows(
        np.stack([vectors[[index[name] for name in own]].mean(axis=0) for own in names])
    )
