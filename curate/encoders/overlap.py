"""A network's batches one after the other, with transfers, computing and the caller overlapped."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch


def overlapped(
    batches: Iterable[NDArray[np.uint8]],
    device: "torch.device",
    forward: "Callable[[torch.Tensor], torch.Tensor]",
) -> Iterator[NDArray[np.float32]]:
    """Yield ``forward`` of each batch as float32, in order, while the next batch is under way.

    batches: (n, ...) bytes; forward: such a tensor on ``device`` to an (n, D) tensor there.
    On a GPU only fetching a finished result waits. The GPU computes one batch while the next is
    decoded and moved from pinned memory on a stream of its own.
    """
    upload = _uploader(device)
    waiting = None
    for batch in batches:
        under_way = _start_download(forward(upload(batch)))
        if waiting is not None:
            yield waiting()
        waiting = under_way
    if waiting is not None:
        yield waiting()


def _uploader(device: "torch.device") -> "Callable[[NDArray[np.uint8]], torch.Tensor]":
    import torch

    if device.type != "cuda":
        return torch.tensor  # a copy: the batch may be read-only, or overwritten by its owner

    side = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def upload(batch: NDArray[np.uint8]) -> torch.Tensor:
        # Torch caches pinned blocks and hands one out again only when its copy is done: at most
        # two are in use here, a double buffer.
        pinned = torch.empty(batch.shape, dtype=torch.uint8, pin_memory=True)
        pinned.numpy()[:] = batch
        computing = torch.cuda.current_stream(device)
        with torch.cuda.stream(side):
            moved = pinned.to(device, non_blocking=True)
        computing.wait_stream(side)
        moved.record_stream(computing)
        return moved

    return upload


def _start_download(features: "torch.Tensor") -> Callable[[], NDArray[np.float32]]:
    import torch

    # To a CPU, and not blocking, this copies into pinned memory; the event says when it is full.
    host = features.float().to("cpu", non_blocking=True)
    done = torch.cuda.current_stream().record_event() if features.is_cuda else None

    def fetch() -> NDArray[np.float32]:
        if done is not None:
            done.synchronize()
        result: NDArray[np.float32] = host.numpy().copy()
        return result

    return fetch
