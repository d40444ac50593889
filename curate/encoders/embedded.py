"""The embedded encoder: a descriptor that needs no training, no weights and no download.

Four parts side by side: where local patterns are (Coates & Ng 2011), where edges of each
direction are (Dalal & Triggs, CVPR 2005), a colour layout (MPEG-7) and a colour
histogram. Good for a quick look; a network sees far more.
"""

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.fft import dctn, idctn

from curate.images.preprocess import Preprocess

Floats = NDArray[np.float32]

SIDE = 64
PATCH, STRIDE, PATTERN_GRID = 6, 2, 3
LUMA_ORDER, CHROMA_ORDER = 5, 3
"""DCT basis functions (i, j) of a patch with 0 < i + j < order; chroma needs fewer."""
THRESHOLD = 0.25
EDGE_GRID, DIRECTIONS = 4, 12
LAYOUT_ORDER = 5
LEVELS = 4
"""Levels of each colour channel in the histogram."""
HISTOGRAM_WEIGHT = np.float32(0.5)
"""Colours help if classes have colours of their own, and are noise if they do not."""
PIECE = 32
"""Pictures that one thread describes at a time, so that they stay in its cache."""
TO_YCBCR = np.array(
    [[0.299, 0.587, 0.114], [-0.169, -0.331, 0.5], [0.5, -0.419, -0.081]], dtype=np.float32
)


class EmbeddedEncoder:
    """Implement ``Encoder`` with the descriptor of this module."""

    preprocess = Preprocess(size=SIDE, interpolation="bicubic", resize="squash")

    def __init__(self, batch_size: int = 256) -> None:
        self.batch_size = batch_size
        self.fingerprint = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
        self.dim = _describe(np.zeros((1, SIDE, SIDE, 3), dtype=np.uint8)).shape[1]

    def encode(self, batches: Iterable[NDArray[np.uint8]]) -> Iterator[Floats]:
        """Turn each (n, 64, 64, 3) batch of RGB bytes into (n, D) features, in order."""
        with ThreadPoolExecutor(2) as threads:
            for batch in batches:
                pieces = [batch[at : at + PIECE] for at in range(0, len(batch), PIECE)]
                described = list(threads.map(_describe, pieces))
                yield np.concatenate([np.empty((0, self.dim), dtype=np.float32), *described])


def open_encoder(_argument: str, _device: str, _pictures: int) -> EmbeddedEncoder:
    """Make the encoder, which has no options."""
    return EmbeddedEncoder()


def _describe(pictures: NDArray[np.uint8]) -> Floats:
    rgb = pictures.reshape(-1, 3).astype(np.float32) / np.float32(255)
    ycbcr = np.asarray(rgb @ TO_YCBCR.T, dtype=np.float32).reshape(pictures.shape)
    shape = (_unit(patterns(ycbcr)), _unit(edges(ycbcr[..., 0])))
    colour = (_unit(colour_layout(ycbcr)), HISTOGRAM_WEIGHT * _unit(colour_histogram(ycbcr)))
    return np.concatenate([*shape, *colour], axis=1)


def patterns(ycbcr: Floats) -> Floats:
    """Pool thresholded DCT responses of small patches over a 3 x 3 grid.

    (n, SIDE, SIDE, 3) to (n, 9 * 48). As Coates & Ng (2011) with a fixed dictionary: local
    contrast normalisation, both signs of a soft threshold, sums over regions; deviates:
    DCT basis functions instead of learned patches, and a square root at the end.
    """
    orders = (LUMA_ORDER, CHROMA_ORDER, CHROMA_ORDER)
    responses, energies = zip(
        *(_patch_dct(ycbcr[..., c], order) for c, order in enumerate(orders)), strict=True
    )
    # The small constant keeps the noise of a flat patch from counting as a pattern.
    contrast = np.sqrt(sum(energies) / (3 * PATCH**2) + 0.02**2)
    response = np.concatenate(responses, axis=-1) / contrast[..., None]
    both_signs = np.concatenate([response - THRESHOLD, -response - THRESHOLD], axis=-1)
    return np.sqrt(_pool(np.maximum(both_signs, 0, out=both_signs), PATTERN_GRID))


def _patch_dct(channel: Floats, order: int) -> tuple[Floats, Floats]:
    """Return responses (n, p, p, K) to the basis and the patches' sums of squares (n, p, p)."""
    windows = sliding_window_view(channel, (PATCH, PATCH), axis=(1, 2))[:, ::STRIDE, ::STRIDE]
    patches = windows.reshape(-1, PATCH**2)
    response = patches @ _dct_basis(order)
    patches = patches - patches.mean(axis=1, keepdims=True)
    energy = np.einsum("ij,ij->i", patches, patches)
    return response.reshape(*windows.shape[:3], -1), energy.reshape(windows.shape[:3])


def _dct_basis(order: int) -> Floats:
    """Return the basis functions of a patch as columns, (PATCH², K)."""
    units = np.eye(PATCH**2).reshape(-1, PATCH, PATCH)
    basis = idctn(units, axes=(1, 2), norm="ortho").reshape(PATCH**2, PATCH**2)
    i, j = np.divmod(np.arange(PATCH**2), PATCH)
    return np.asarray(basis[(i + j > 0) & (i + j < order)].T, dtype=np.float32)


def edges(luma: Floats) -> Floats:
    """Histogram gradient directions in a 4 x 4 grid, (n, SIDE, SIDE) to (n, 16 * 12).

    Dalal & Triggs; deviates: signed directions, one square root (Hellinger) for the whole
    picture instead of blocks.
    """
    light = np.sqrt(luma)
    across, down = np.zeros_like(light), np.zeros_like(light)
    across[:, :, 1:-1] = light[:, :, 2:] - light[:, :, :-2]
    down[:, 1:-1] = light[:, 2:] - light[:, :-2]
    turn = np.arctan2(down, across) * (DIRECTIONS / (2 * np.pi))
    lower = np.floor(turn)
    votes = np.hypot(across, down)
    upper_share = votes * (turn - lower)
    bins = _cells(len(luma)) * DIRECTIONS
    first, second = (bins + (lower.astype(np.int64) + k) % DIRECTIONS for k in (0, 1))
    size = len(luma) * EDGE_GRID**2 * DIRECTIONS
    counts = np.bincount(first.ravel(), (votes - upper_share).ravel(), size)
    counts += np.bincount(second.ravel(), upper_share.ravel(), size)
    return np.sqrt(np.maximum(counts, 0)).reshape(len(luma), -1).astype(np.float32)


def _cells(pictures: int) -> NDArray[np.int64]:
    """Count the grid cells of all pictures, and give each pixel its cell's, (n, SIDE, SIDE)."""
    line = np.arange(SIDE) * EDGE_GRID // SIDE
    cell = line[:, None] * EDGE_GRID + line
    return np.arange(pictures)[:, None, None] * EDGE_GRID**2 + cell


def colour_layout(ycbcr: Floats) -> Floats:
    """Keep the low DCT frequencies of an 8 x 8 thumbnail, (n, SIDE, SIDE, 3) to (n, 45)."""
    spectrum = dctn(_pool(ycbcr, 8).reshape(-1, 8, 8, 3), axes=(1, 2), norm="ortho")
    i, j = np.indices((8, 8))
    return np.asarray(spectrum[:, i + j < LAYOUT_ORDER].reshape(len(ycbcr), -1))


def colour_histogram(ycbcr: Floats) -> Floats:
    """Count colours in 4 x 4 x 4 bins, (n, SIDE, SIDE, 3) to (n, 64), square roots of shares.

    Chroma beyond half its range is rare and falls into the outer bins.
    """
    floor = np.array([0, -0.25, -0.25], dtype=np.float32)
    scaled = (ycbcr - floor) * np.array([LEVELS, 2 * LEVELS, 2 * LEVELS], dtype=np.float32)
    level = scaled.clip(0, LEVELS - 1).astype(np.int64).reshape(len(ycbcr), -1, 3)
    code = level @ np.array([LEVELS**2, LEVELS, 1]) + np.arange(len(ycbcr))[:, None] * LEVELS**3
    counts = np.bincount(code.ravel(), minlength=len(ycbcr) * LEVELS**3)
    shares = counts.reshape(len(ycbcr), -1) / SIDE**2
    return np.sqrt(shares).astype(np.float32)


def _pool(maps: Floats, grid: int) -> Floats:
    """Mean of (n, h, h, K) maps in each cell of a centred grid, (n, grid * grid * K)."""
    n, height, _, depth = maps.shape
    cell, margin = height // grid, height % grid // 2
    kept = slice(margin, margin + cell * grid)
    rows = maps[:, kept, kept].reshape(n, grid, cell, cell * grid, depth).mean(axis=2)
    return np.asarray(rows.reshape(n, grid, grid, cell, depth).mean(axis=3).reshape(n, -1))


def _unit(part: Floats) -> Floats:
    # A constant entry, so that a black picture has a direction too.
    ones = np.full((len(part), 1), 1e-3, dtype=np.float32)
    part = np.concatenate([part, ones], axis=1)
    unit: Floats = part / np.linalg.norm(part, axis=1, keepdims=True)
    return unit
