"""Apply a trained head to every row of a run, shard by shard."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from curate.crawl.stored_features import BLOCK_ROWS
from curate.errors import CurateError
from curate.heads.columns import Refined
from curate.heads.cross_fit import CrossFitted, Says, Unjudged, clean
from curate.heads.folds import Folds
from curate.heads.gains import HeldOut, keep_given
from curate.heads.head import Head
from curate.heads.label_sets import settled
from curate.heads.learned import Stored, VerifiedRows, stored, stored_blocks
from curate.heads.nmn import Nmn
from curate.heads.pictures import Pictures, agreed
from curate.heads.training import Positions
from curate.heads.xiao import Xiao
from curate.manifest.plan import Shard
from curate.weighted.work import Work


@dataclass
class Bags:
    """The combined evidence of rows that share a bag."""

    of_row: Positions
    """(N,): the bag of each row."""
    absent: NDArray[np.float32]
    """(B, C): log p(no row of the bag shows the class)."""
    given: NDArray[np.float32]
    """(B, C): ones where any row of the bag has the label."""
    q: NDArray[np.float32]
    """(B, 2, C): the mean of its rows' channels."""


@dataclass
class HeadOnRun:
    """A head, the run whose rows it judges, and those of them that a person has verified."""

    head: CrossFitted
    work: Work
    verified: VerifiedRows
    own: bool
    """Whether the head was trained on this run's rows."""
    folds: Folds
    bags: Bags | None = None
    pictures: Pictures | None = field(init=False)
    """Those that are judged once for all of their copies; None where lists or bags say more."""

    def __post_init__(self) -> None:
        alone = self.head.task.several or self.bag is not None
        self.pictures = None if alone else Pictures.among(self.folds.representative, self.work)

    @property
    def bag(self) -> Positions | None:
        """The bag of each row (N,), where they have some."""
        return self.folds.bag

    def gather_bags(self, advance: Callable[[int], None]) -> None:
        """Sum over all rows of each bag before any row is judged."""
        assert self.bag is not None
        B, C = int(self.bag.max()) + 1, self.head.task.classes
        absent, given, q = (np.zeros(size, np.float32) for size in ((B, C), (B, C), (B, 2, C)))
        counts = np.zeros(B, np.float32)
        for shard in self.work.file_shards:
            for block in stored_blocks(self.work, shard):
                bag, has_features = self.bag[block.rows], block.has_features
                rows = self._unjudged(block)
                for sums, says in ((absent, _absent), (q, _channel)):
                    np.add.at(sums, bag[has_features], self.head.each(rows, says)[has_features])
                np.add.at(counts, bag[has_features], 1)
                labels = self.head.task.given(torch.from_numpy(block.given)).numpy()
                np.maximum.at(given, bag, labels)
            advance(shard.rows)
        q /= np.maximum(counts, 1)[:, None, None]
        self.bags = Bags(self.bag, absent, given, q)

    @torch.inference_mode()
    def bag_probabilities(self) -> NDArray[np.float32]:
        """Return p(a class is in a bag) (B, K), by noisy-or; 1 where a person has seen it there."""
        head, task, bags = self.head.member(0), self.head.task, self.bags
        assert isinstance(head, Nmn) and bags is not None
        given, absent, q = (torch.from_numpy(part) for part in (bags.given, bags.absent, bags.q))
        p = head.bag_label(given, absent, q).numpy()
        p, _ = settled(task, p, task.as_outputs(given).numpy())
        seen = np.nan_to_num(self.verified.target(task))
        seen[:, task.named :] = 0
        np.maximum.at(p, bags.of_row[self.verified.rows], seen)
        np.maximum.at(p, bags.of_row[self.verified.copies], seen[self.verified.answers])
        return p

    def judge_verified(self) -> HeldOut:
        """Return what the head predicts for verified rows that have features."""
        task = self.head.task
        held_out = HeldOut.none(task.outputs)
        for start in range(0, len(self.verified.rows), BLOCK_ROWS):
            at = slice(start, start + BLOCK_ROWS)
            block = stored(self.work, self.verified.rows[at])
            given = self._given(block.given)
            p, _ = settled(task, self._predict(block), given)
            true = self.verified.target(task, at)
            folds = self.folds.of(block.rows, block.features)
            found = HeldOut(given, p, true, folds, self._of_pictures(block, given))
            held_out += found.chosen(block.has_features)
        return held_out

    def judge_shard(self, shard: Shard, worse: NDArray[np.bool_]) -> Iterator[Refined]:
        """Yield the refined rows of each block of a shard; verified rows get the verified label.

        Of classes (K,) that get ``worse`` the given labels stay.
        """
        task = self.head.task
        for block in stored_blocks(self.work, shard):
            p, noise = self._predict(block), None
            if isinstance(self.head.member(0), Xiao):
                noise = self._noise(block, p)
            given = self._given(block.given)
            p, known = settled(task, p, given)
            p, stays = keep_given(task, p, self._of_pictures(block, given), worse)
            if not task.several:
                known &= ~stays
            told = known[:, None] & (~worse | (not task.several))
            self._tell_verified(block, p, told)
            labelled = given.any(axis=1) & block.has_features
            distances = self._distances(block, p.shape)
            g, has_features = self._g(block), block.has_features
            yield Refined(p, told, g, has_features, noise, distances, labelled)

    def _predict(self, block: Stored) -> NDArray[np.float32]:
        """Return p(true label | image, given label) (n, K), that of pictures for their copies."""
        p, pictures = self._of_rows(block), self.pictures
        if pictures is not None:
            copied = np.flatnonzero(pictures.of[block.rows] >= 0)
            numbers, which = np.unique(pictures.of[block.rows[copied]], return_inverse=True)
            pieces = pictures.pieces(numbers) if len(numbers) else ()
            said = [agreed(self._of_rows(stored(self.work, rows)), begin) for rows, begin in pieces]
            p[copied] = np.concatenate([p[:0], *said])[which]
        return p

    def _of_rows(self, block: Stored) -> NDArray[np.float32]:
        """Return p(true label | image, given label) (n, K); raises CurateError for NaN."""
        says = clean if self.bags is None else self._in_bags(self.bags, block)
        p = self.head.each(self._unjudged(block), says)
        if not np.isfinite(p[block.has_features]).all():
            raise CurateError(
                "the head gives NaN or infinity for some rows: its numbers or the features are"
                " damaged; train it again (with another --seed, if it was trained just now)."
            )
        return p

    def _noise(self, block: Stored, p: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return Xiao's p(z | ỹ, x) (n, 3).

        Of copies it agrees with what their picture is, p (n, K), and of verified rows and their
        copies with the answer.
        """
        noise = self.head.each(self._unjudged(block), _noise_type)
        answered, at = self.verified.known(block.rows)
        p = p.copy()
        p[answered] = self.verified.target(self.head.task, at)
        told = np.zeros(len(block.rows), bool)
        told[answered] = True
        if self.pictures is not None:
            told |= self.pictures.of[block.rows] >= 0
        if told.any():
            rows = stored(self.work, block.rows[told])
            noise[told] = self.head.each(self._unjudged(rows), _noise_type_of(p[told]))
        return noise

    def _of_pictures(self, block: Stored, given: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return given labels (n, K), of copies the only one that their picture has, or none."""
        if self.pictures is None:
            return given
        of = self.pictures.of[block.rows]
        sole = self._given(self.pictures.sole[of][:, None])
        return np.where((of >= 0)[:, None], sole, given)

    def _g(self, block: Stored) -> NDArray[np.float32]:
        inputs = self.head.inputs
        return inputs.adapted(torch.from_numpy(block.features).to(inputs.mean.device)).cpu().numpy()

    def _distances(self, block: Stored, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Return distances (n, K) to given labels; NaN elsewhere, and for another crawl's head."""
        distances = np.full(shape, np.nan, np.float32)
        if self.own:
            rows, places = np.nonzero(block.given >= 0)
            found = self.work.distances_of(block.rows)
            distances[rows, block.given[rows, places]] = found[rows, places]
        return distances

    def _unjudged(self, block: Stored) -> Unjudged:
        folds = self.folds.of(block.rows, block.features)
        if not self.own:
            # A crawl that has grown holds rows that the heads were trained on.
            known = np.zeros(len(folds), bool)
            known[self.verified.known(block.rows)[0]] = True
            folds[~known] = -1
        return Unjudged(block.features, block.given, folds, self.own)

    def _in_bags(self, bags: Bags, block: Stored) -> Says:
        at = bags.of_row[block.rows]

        def says(head: Head, x: Tensor, given: Tensor, chosen: Positions) -> Tensor:
            assert isinstance(head, Nmn)
            del given
            of_bag = (bags.given[at[chosen]], bags.absent[at[chosen]], bags.q[at[chosen]])
            return head.clean_in_bag(x, *(torch.from_numpy(part).to(x.device) for part in of_bag))

        return says

    def _given(self, labels: Positions) -> NDArray[np.float32]:
        """Turn given labels (n, L) into ones and zeros (n, K)."""
        task = self.head.task
        return task.as_outputs(task.given(torch.from_numpy(labels))).numpy()

    def _tell_verified(
        self, block: Stored, p: NDArray[np.float32], told: NDArray[np.bool_]
    ) -> None:
        """Overwrite predictions (n, K) for verified rows and their copies with what is known."""
        found, at = self.verified.known(block.rows)
        found, at = found[block.has_features[found]], at[block.has_features[found]]
        true = self.verified.target(self.head.task, at)
        known = ~np.isnan(true)
        p[found] = np.where(known, true, p[found])
        told[found] |= known


def _absent(head: Head, x: Tensor, given: Tensor, chosen: Positions) -> Tensor:
    del given, chosen
    assert isinstance(head, Nmn)
    return head.absent(x)


def _channel(head: Head, x: Tensor, given: Tensor, chosen: Positions) -> Tensor:
    del given, chosen
    assert isinstance(head, Nmn)
    return head.channel(x)


def _noise_type(head: Head, x: Tensor, given: Tensor, chosen: Positions) -> Tensor:
    del chosen
    assert isinstance(head, Xiao)
    return head.noise_type(x, given)


def _noise_type_of(p: NDArray[np.float32]) -> Says:
    def says(head: Head, x: Tensor, given: Tensor, chosen: Positions) -> Tensor:
        assert isinstance(head, Xiao)
        return head.noise_type_of(given, torch.from_numpy(p[chosen]).to(x.device))

    return says
