"""What is given beside the pictures: the classes and the labels."""

from dataclasses import dataclass

from curate.manifest.classes import Classes
from curate.store.folders import Folders


@dataclass(frozen=True)
class Given:
    """What a network can be trained with."""

    classes: Classes
    labels: Folders
    """Each row's label as a position in the classes, or its list of them."""
    lists: bool = False
