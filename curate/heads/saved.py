"""A trained head in a folder: what it is, as JSON, and its numbers, as safetensors."""

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from curate.errors import CurateError
from curate.heads.checked import About, check_values
from curate.heads.cross_fit import CrossFitted
from curate.heads.head import Head
from curate.store.folders import Folders
from curate.terminal.printable import brief

ABOUT, NUMBERS = "head", "numbers.safetensors"
WRONG = (ValueError, KeyError, TypeError, AttributeError, RecursionError, RuntimeError,
         SafetensorError)  # fmt: skip
"""What comes of a folder that another version, or nobody's, has written."""


@dataclass(frozen=True)
class TrainedHead:
    """A head and what it was trained for."""

    head: CrossFitted
    classes: tuple[str, ...]
    """The classes of given labels and the new ones, in the order of outputs."""
    encoder: str
    """The encoder of the features, as the user named it."""
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
        store.write(name, {ABOUT: about, NUMBERS: partial(_write, self.head)})
        return store.root / name


def save_member(head: Head, store: Folders, name: str) -> None:
    """Write one of several heads as soon as it is trained."""
    store.write(name, {NUMBERS: partial(_write, head)})


def _write(module: nn.Module, path: Path) -> None:
    """Write the numbers; by Python, whose errors say that the disk is full as the others do."""
    state = {key: value.cpu().contiguous() for key, value in module.state_dict().items()}
    path.write_bytes(save(state))


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
    try:
        return _load(store, folder.name)
    except WRONG as error:
        raise CurateError(
            f"--apply {folder} holds no head that this version of curate can use"
            f" ({brief(_reason(error))}); train it again without --apply."
        ) from error


def _load(store: Folders, name: str) -> TrainedHead:
    """Make nothing before the file of numbers is known to be as large as what is made."""
    about = About.read(store.settings(name, ABOUT))
    numbers = store.file(name, NUMBERS)
    about.check_numbers(numbers)
    head = CrossFitted(about.head, about.task, about.inputs())
    head.load_state_dict(load_file(numbers))
    check_values(head)
    return TrainedHead(head.eval(), about.classes, about.encoder, about.crawl)


def _reason(error: BaseException) -> str:
    """Return the message of an error; that of a KeyError is only a name."""
    text = (str(error).splitlines() or [""])[0].rstrip(".")
    return f"without {text}" if isinstance(error, KeyError) else text or type(error).__name__
