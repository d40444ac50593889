"""A trained head in a folder: what it is, as JSON, and its numbers, as safetensors."""

from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors.torch import load_file, save_file

from curate.errors import CurateError
from curate.heads.cross_fit import CrossFitted
from curate.heads.head import Head
from curate.heads.inputs import Inputs
from curate.heads.task import Task
from curate.store.folders import Folders

ABOUT, NUMBERS = "head", "numbers.safetensors"


@dataclass(frozen=True)
class TrainedHead:
    """A head and what it was trained for."""

    head: CrossFitted
    classes: tuple[str, ...]
    """The classes of given labels and the new ones, in the order of outputs."""
    encoder: str
    """What made the features, as the user named it."""
    crawl: str
    """Tells the crawl that it was trained on from any other."""

    @property
    def given_classes(self) -> tuple[str, ...]:
        """The classes of given labels."""
        return self.classes[: self.head.task.classes]

    def save(self, store: Folders, name: str) -> Path:
        """Write the folder of that name; returns it."""
        inputs = self.head.inputs
        about = {
            "head": self.head.name,
            "task": asdict(self.head.task),
            "features": len(inputs.mean),
            "directions": inputs.projection.shape[1],
            "per_class": inputs.per_class,
            "crawl": self.crawl,
            "encoder": self.encoder,
            "classes": self.classes,
        }
        state = {key: value.cpu().contiguous() for key, value in self.head.state_dict().items()}
        store.write(name, {ABOUT: about, NUMBERS: lambda path: save_file(state, path)})
        return store.root / name


def save_member(head: Head, store: Folders, name: str) -> None:
    """Write one of several heads as soon as it is trained."""
    state = {key: value.cpu().contiguous() for key, value in head.state_dict().items()}
    store.write(name, {NUMBERS: lambda path: save_file(state, path)})


def load_member(head: Head, store: Folders, name: str) -> None:
    """Load what `save_member` wrote."""
    head.load_state_dict(load_file(store.file(name, NUMBERS)))
    head.eval()


def load_head(folder: Path) -> TrainedHead:
    """Load a trained head; raises CurateError where the folder holds none, or a damaged one."""
    store = Folders(folder.absolute().parent)
    if folder.name not in store:
        raise CurateError(
            f"--apply {folder} is no trained head; give the folder that `curate refine` named when"
            " it had trained one."
        )
    about = store.settings(folder.name, ABOUT)
    task = Task(**about["task"])  # type: ignore[arg-type]
    sizes = (about["features"], about["directions"], task.classes, about["per_class"], task.new)
    head = CrossFitted(str(about["head"]), task, Inputs(*sizes))  # type: ignore[arg-type]
    try:
        head.load_state_dict(load_file(store.file(folder.name, NUMBERS)))
    except RuntimeError as error:
        raise CurateError(
            f"--apply {folder} holds a head of another version of curate; train it again without"
            " --apply."
        ) from error
    classes: tuple[str, ...] = tuple(about["classes"])  # type: ignore[arg-type]
    return TrainedHead(head.eval(), classes, str(about["encoder"]), str(about["crawl"]))
