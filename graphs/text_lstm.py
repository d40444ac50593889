"""The bidirectional LSTM over a frozen BERT's tokens: the only trained part of SINet's text graph.

The paper does not say what it is trained on. Here training pulls together two texts of a class
(its name, its gloss, a parent's gloss) and pushes away the texts of other classes.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import cross_entropy, normalize
from torch.nn.utils.rnn import pack_sequence

HIDDEN = 64
DROPOUT = 0.2
"""On the features of tokens, so that a class with a single text gets two views of it."""
TEMPERATURE = 0.1
STEPS, BATCH, RATE = 100, 128, 1e-3
SEED = 0

Tokens = NDArray[np.float32]


class TextLSTM(nn.Module):
    """Embed each text as the last hidden states of both directions."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self._lstm = nn.LSTM(dim, HIDDEN, bidirectional=True, batch_first=True)
        self._dropout = nn.Dropout(DROPOUT)

    def forward(self, texts: Sequence[torch.Tensor]) -> torch.Tensor:
        """Map the tokens (T_i, D) of n texts to unit rows (n, 2·HIDDEN)."""
        packed = pack_sequence([self._dropout(text) for text in texts], enforce_sorted=False)
        _, (last, _) = self._lstm(packed)
        return normalize(torch.cat([last[0], last[1]], dim=1), dim=1)

    def embed(self, texts: Sequence[Tokens]) -> NDArray[np.float32]:
        """Map the tokens (T_i, D) of n texts to unit rows (n, 2·HIDDEN), without dropout."""
        self.eval()
        with _one_thread(), torch.inference_mode():
            parts = [
                self([torch.from_numpy(text) for text in texts[start : start + BATCH]])
                for start in range(0, len(texts), BATCH)
            ]
        return np.asarray(torch.cat(parts).numpy(), np.float32)


def fit_text_lstm(texts: Sequence[Tokens], of_class: Sequence[Sequence[int]]) -> TextLSTM:
    """Train on the tokens (T_i, D) of distinct texts; ``of_class[c]`` are the texts of class c.

    Siblings share the glosses of their parents, which brings them near each other: a text is never
    a negative of itself when another class has it too. The same texts give the same network.
    """
    tokens = [torch.from_numpy(text) for text in texts]
    chosen = [np.array(indices) for indices in of_class if len(indices)]
    rng = np.random.default_rng(SEED)
    with _one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        model = TextLSTM(texts[0].shape[1])
        optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
        for _ in range(STEPS):
            classes = rng.permutation(len(chosen))[:BATCH]
            pairs = np.array([_pair(chosen[c], rng) for c in classes])
            loss = _info_nce(model, tokens, pairs)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return model


@contextmanager
def _one_thread() -> Iterator[None]:
    """Use one thread: with more, steps as short as these were 10 times slower."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _pair(texts: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw two texts of a class, or its only text twice."""
    return rng.choice(texts, 2, replace=len(texts) == 1)


def _info_nce(
    model: TextLSTM, tokens: Sequence[torch.Tensor], pairs: NDArray[np.intp]
) -> torch.Tensor:
    """Return InfoNCE in both directions over n classes, with a pair of texts (n, 2) for each."""
    first, second = (model([tokens[text] for text in side]) for side in pairs.T)
    logits = first @ second.T / TEMPERATURE
    same = (
        (pairs[:, :1] == pairs[:, 1])
        | (pairs[:, :1] == pairs[:, 0])
        | (pairs[:, 1:] == pairs[:, 1])
    )
    np.fill_diagonal(same, False)
    logits = logits.masked_fill(torch.from_numpy(same), -torch.inf)
    target = torch.arange(len(pairs))
    return (cross_entropy(logits, target) + cross_entropy(logits.T, target)) / 2
