"""The classes' names in the space of the images: embeddings by open_clip's text tower."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.crawl.crawl import Crawl
from curate.crawl.stored_features import StoredFeatures
from curate.encoders.device import torch_device
from curate.encoders.openclip import open_clip_parts
from curate.errors import CurateError
from curate.relations.senses import ClassTable
from curate.store.fingerprint import file_identity, fingerprint
from curate.store.run import Advance
from curate.store.step import Made, Step
from prototypes.engine.blocks import unit_rows
from prototypes.score.evidence import ClassTexts

KIND = "open_clip:"
CLASS_NAMES = Step("zero_shot", code=(__name__,), title="Reading class names")


def check_zero_shot(encoders: tuple[str, ...]) -> int:
    """Return which of the encoders is open_clip's; raises CurateError where none is."""
    found = [at for at, spec in enumerate(encoders) if spec.startswith(KIND)]
    if not found:
        what = f"--encoder {'+'.join(encoders)}" if encoders else "a crawl with its own features"
        raise CurateError(
            "--zero-shot compares images with class names by the text tower of an open_clip model,"
            f" which {what} lacks; choose --encoder open_clip:ARCH/TAG, or leave --zero-shot out."
        )
    return found[0]


@dataclass(frozen=True)
class ZeroShot:
    """The embeddings of the classes' names, in the space of the images."""

    name: str
    """Changes when the texts change."""
    texts: ClassTexts


def read_classes(
    encoders: tuple[str, ...],
    table: ClassTable,
    crawl: Crawl,
    features: StoredFeatures,
    device: str,
) -> ZeroShot:
    """Make or find the unit rows (C, E) of the classes' names.

    A class's row is the mean over its names, which commas separate; a class without a name has its
    label. The columns of the image tower are found among those of all encoders. Raises CurateError
    unless one of the encoders is open_clip's.
    """
    part = check_zero_shot(encoders)
    arch, tag, checkpoint = open_clip_parts(encoders[part].removeprefix(KIND))
    names = [name or label for label, name in table.select("label", "name").iter_rows()]
    weights = None if checkpoint is None or not checkpoint.is_file() else file_identity(checkpoint)
    facts = {"arch": arch, "tag": tag, "weights": weights, "names": names}
    own = [[part.strip() for part in name.split(",") if part.strip()] or [name] for name in names]
    distinct = list(dict.fromkeys(name for names in own for name in names))

    def make(advance: Advance) -> Made:
        from curate.encoders.openclip import embed_names, open_model

        model, _ = open_model(arch, tag, checkpoint)
        vectors = embed_names(arch, model, distinct, torch_device(device), advance)
        return Made({"vectors": _means(vectors, distinct, own)})

    made = CLASS_NAMES.once(crawl.run, facts, make, len(distinct))
    columns = features.columns(part, crawl.shards[0].name)
    texts = ClassTexts(np.asarray(made.array("vectors")), columns)
    return ZeroShot(fingerprint(texts=made.name, columns=columns), texts)


def _means(
    vectors: NDArray[np.float32], distinct: list[str], own: list[list[str]]
) -> NDArray[np.float32]:
    """Average the vectors (m, E) of each class's own names: unit rows (C, E)."""
    index = {name: at for at, name in enumerate(distinct)}
    return unit_rows(
        np.stack([vectors[[index[name] for name in names]].mean(axis=0) for names in own])
    )
