"""What an encoder is: pictures in, one row of features for each."""

from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from curate.images.preprocess import Preprocess


class Encoder(Protocol):
    """A frozen network, or a descriptor, that turns pictures into features."""

    fingerprint: str
    """Changes when the weights, the preprocessing or the code that makes features change."""
    preprocess: Preprocess
    """How the decode workers bring a picture to the encoder's size."""
    dim: int
    """D, the length of a feature."""
    batch_size: int
    """The number of pictures a batch that suits its device; other numbers work too."""

    def encode(self, batches: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.float32]]:
        """Turn each (n, size, size, 3) batch of RGB bytes, n > 0, into an (n, D) batch, in order.

        An iterator rather than a call per batch, so that a GPU encoder can move the next
        batch while it computes this one: it may ask for one batch more than it has answered.
        """
        ...
