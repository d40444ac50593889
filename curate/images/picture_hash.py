"""Hashes of a decoded picture and of its bytes, by which copies are found.

The perceptual hash is of the kind of pHash: the signs of the lowest coefficients of a discrete
cosine transform. It is made of the picture as an encoder sees it, small and grey. Deviates: signs
rather than comparisons with the median, so that the hash of the mirror image follows from the same
coefficients; the lowest 64 by frequency rather than a square of 8 by 8.
"""

from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 32
"""Pixels of a side of the small picture that is hashed."""
BITS = 64
CROPS = (0.05, 0.10, 0.15)
"""Shares of both sides that are left away around the centre, for crops and borders."""
LEAST = 8.0
"""A coefficient that is smaller tells nothing: noise and rounding of a plain picture. In levels of
grey, of 255, times `SIDE` / 2 for a wave that fills the picture."""
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
WHOLE, MIRRORED = 0, 1
"""Places in ``looks``; the crops follow."""
HASHES = np.dtype(
    [
        ("content", "<u8", (2,)),  # BLAKE2b of the bytes
        ("looks", "<u8", (2 + len(CROPS),)),  # of the whole, its mirror image, its crops
        ("telling", "u1"),  # coefficients of the whole that are not small
        ("tone", "u1", (3,)),  # mean red, green and blue
    ]
)
"""What is kept of a picture."""
Hashes = NDArray[np.void]
"""(n,) of `HASHES`; zeros where there is no picture."""


def no_hashes(rows: int) -> Hashes:
    """Give zeros (n,) for rows without a picture."""
    return np.zeros(rows, HASHES)


def hash_content(data: bytes) -> bytes:
    """Hash the bytes of a picture's file: 16 bytes."""
    return blake2b(data, digest_size=16).digest()


def hash_pictures(pictures: NDArray[np.uint8], contents: Sequence[bytes]) -> Hashes:
    """Hash RGB pictures (n, side, side, 3), beside the hashes of their bytes (n)."""
    hashes = no_hashes(len(pictures))
    if not len(pictures):
        return hashes
    small = np.stack([_small(picture) for picture in pictures])
    waves = _waves()
    grey = small @ LUMA
    whole = _coefficients(grey, 0.0)
    hashes["content"] = np.frombuffer(b"".join(contents), "<u8").reshape(-1, 2)
    hashes["looks"][:, WHOLE] = _signs(whole)
    hashes["looks"][:, MIRRORED] = _signs(np.where(waves[:, 1] % 2, -whole, whole))
    for place, crop in enumerate(CROPS, MIRRORED + 1):
        hashes["looks"][:, place] = _signs(_coefficients(grey, crop))
    hashes["telling"] = (np.abs(whole) > LEAST).sum(axis=1)
    hashes["tone"] = np.rint(small.sum(axis=(1, 2)) / SIDE**2)
    return hashes


def _small(picture: NDArray[np.uint8]) -> NDArray[Any]:
    image, box = Image.fromarray(picture), Image.Resampling.BOX
    return np.asarray(image.resize((SIDE, SIDE), box, reducing_gap=2.0))


def _signs(coefficients: NDArray[np.float32]) -> NDArray[np.uint64]:
    """Pack which coefficients (n, 64) are large and positive into integers (n,)."""
    bits = np.packbits(coefficients > LEAST, axis=1)
    return bits.view("<u8")[:, 0]


def _coefficients(grey: NDArray[np.float32], crop: float) -> NDArray[np.float32]:
    """Transform the centre of pictures (n, 32, 32), without a share: (n, 64) coefficients."""
    basis, waves = _basis(crop), _waves()
    return np.ascontiguousarray((basis @ grey @ basis.T)[:, waves[:, 0], waves[:, 1]])


@cache
def _waves() -> NDArray[np.int64]:
    """List the 64 lowest frequencies but the constant: how often (64, 2) down and across."""
    pairs = [(down, across) for down in range(SIDE) for across in range(SIDE) if down + across]
    return np.array(sorted(pairs, key=lambda pair: (pair[0] ** 2 + pair[1] ** 2, pair))[:BITS])


@cache
def _basis(crop: float) -> NDArray[np.float32]:
    """Give the matrix (frequencies, 32) that crops a side, scales it to 32 and transforms it."""
    edges = np.linspace(crop / 2, 1 - crop / 2, SIDE + 1) * SIDE
    first, last = edges[:-1, None], edges[1:, None]
    pixel = np.arange(SIDE)
    shares = (np.minimum(last, pixel + 1) - np.maximum(first, pixel)).clip(0) / (last - first)
    frequency = np.arange(_waves().max() + 1)[:, None]
    cosines = np.cos(np.pi * frequency * (pixel + 0.5) / SIDE)
    cosines /= np.linalg.norm(cosines, axis=1, keepdims=True)
    return (cosines @ shares).astype(np.float32)
