"""A network that torch.compile has made faster, for batches of one size."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

Network = Callable[["torch.Tensor"], "torch.Tensor"]

COMPILE_FROM = 1_000_000
"""Compile for crawls of this many pictures or more.

Compiling takes about a minute and makes each batch faster. With a million pictures (4,000 batches)
the minute is a small part of the work, with a few thousand most of it. Not measured: no GPU was
at hand.
"""


class Compiled:
    """Compute what ``network`` does, compiled at the first batch.

    All batches have ``batch_size`` rows when they reach it, short ones filled up with zeros, so
    that nothing is compiled twice; rows of a batch must not depend on each other. Where compiling
    fails (no Triton, no C compiler), the network runs as it is, and a warning is logged.
    """

    def __init__(self, network: Network, batch_size: int, backend: Any = "inductor") -> None:
        import torch

        self._network, self._batch_size = network, batch_size
        self._fast: Network | None = torch.compile(network, dynamic=False, backend=backend)

    def __call__(self, batch: "torch.Tensor") -> "torch.Tensor":
        """Turn a batch (n, ...), n <= ``batch_size``, into its rows (n, D)."""
        if self._fast is None:
            return self._network(batch)
        try:
            return self._fast(_filled(batch, self._batch_size))[: len(batch)]
        # Compilers fail in many ways. If the network itself fails, it raises again below.
        except Exception as error:
            reason = " ".join(str(error).split())[:300]
            logging.getLogger(__name__).warning(
                "torch.compile cannot be used here (%s); encoding goes on without it", reason
            )
            self._fast = None
            return self._network(batch)


def _filled(batch: "torch.Tensor", rows: int) -> "torch.Tensor":
    import torch

    # A full batch is copied too: torch compiles anew for a tensor from outside inference mode.
    return torch.cat([batch, batch.new_zeros(rows - len(batch), *batch.shape[1:])])
