"""What `--encoder self[:ARCH][@INIT]` names."""

from dataclasses import dataclass

from curate.errors import CurateError

POSSIBLE = (
    "self (a small network), self@FILE (the same from saved weights), "
    "self:timm/NAME[@pretrained or @FILE], self:open_clip/NAME[@TAG or @FILE]; "
    "without an @ it is trained from scratch"
)
LIBRARIES = ("timm", "open_clip")


@dataclass(frozen=True)
class NetworkSpec:
    """Which network is trained, and from which weights."""

    library: str
    """timm, open_clip, or '' for the small network."""
    name: str
    init: str
    """A file, a published set of weights, or '' for random weights."""


def is_self(spec: str) -> bool:
    """Tell whether an encoder is a network trained on the crawl."""
    return spec.partition(":")[0].partition("@")[0] == "self"


def parse_network(spec: str) -> NetworkSpec:
    """Read the part after --encoder; raises CurateError for a string that names no network."""
    whole, at, init = spec.partition("@")
    word, colon, arch = whole.partition(":")
    library, _, name = arch.partition("/")
    known = (library in LIBRARIES and name) if colon else True
    if word != "self" or not known or (at and not init):
        raise CurateError(f"--encoder {spec}: there is no such network; possible are {POSSIBLE}.")
    return NetworkSpec(library, name, init)
