"""Tell which rows show the same picture, by what is kept of each: hashes, and features."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from curate.duplicates.bands import Band, hash_bands
from curate.duplicates.chance import (
    LEAST_SHARE,
    SURE,
    Chance,
    Floats,
    calibrated,
    tone_difference,
)
from curate.duplicates.meetings import meetings
from curate.duplicates.stars import Rows, star_groups
from curate.images.picture_hash import BITS, CROPS, MIRRORED, WHOLE, Hashes

SAMPLE = 1_024
"""Rows that chance is calibrated on."""
DRAWN = 16 * SAMPLE
"""Rows among which these are chosen, since their looks must be different."""
PAIRS = 4_096
"""Pairs of rows whose features are in memory at a time."""
SEED = 1
KNOWN_COPIES = 16
"""As many pairs that hash equal tell how far apart the features of copies are."""
MOST_APART = 0.1
"""Share of these pairs whose features may be farther apart."""
TONES = 4
"""Levels of a colour, of 255, by which plain pictures that are the same may differ."""
CLOSE = 12
"""Bits by which the codes of copies' features differ at most."""
ORDER = (WHOLE, MIRRORED + 1, MIRRORED, *range(MIRRORED + 2, MIRRORED + 1 + len(CROPS)))
"""Of looks: the first `HELD` are held for others to meet; with others among these, hardly more
copies meet, and it takes twice as long."""
HELD = 2
Units = Callable[[Rows], Floats]
"""Gives the features of rows (m,): (m, D), of unit length."""
Near = NDArray[np.bool_]


def group_pictures(hashes: Hashes, units: Units) -> Rows:
    """Group the copies among pictures by their hashes (n,): representatives (n,), see `stars`.

    Pictures are copies if their files are equal; if a pair of different pictures would look so
    alike by chance for less than one in ten million rows (`chance`); and, of plain pictures, which
    a hash tells little of, if hash and mean colour are equal and their features are those of
    copies.
    """
    found = _Pictures.calibrated(hashes, units)
    return star_groups(len(hashes), found.bands(), found.near)


def group_features(codes: NDArray[np.uint64], units: Units) -> Rows:
    """Group the copies among rows of which only features are known: representatives (n,).

    ``codes`` (n,) are hashes of features, as `feature_codes` makes them.
    """
    sample = _sample(codes)
    no_tones = np.zeros((len(sample), 3), np.int16)
    same = calibrated(codes[sample], no_tones, units(sample), 1).same

    def near(first: Rows, second: Rows) -> Near:
        close = np.asarray(np.bitwise_count(codes[first] ^ codes[second]) <= CLOSE)
        close[close] = _cosines(units, first[close], second[close]) >= same
        return close

    return star_groups(len(codes), hash_bands(codes[:, None], reach=CLOSE), near)


@dataclass(frozen=True)
class _Pictures:
    """Hashes of pictures, and what is known of different ones."""

    contents: NDArray[np.uint64]
    """(n, 2)"""
    looks: NDArray[np.uint64]
    """(n, looks), in the order `ORDER`."""
    telling: NDArray[np.uint8]
    tones: NDArray[np.int16]
    units: Units
    chance: Chance

    @classmethod
    def calibrated(cls, hashes: Hashes, units: Units) -> "_Pictures":
        """Calibrate chance on these pictures."""
        looks = np.asfortranarray(hashes["looks"][:, ORDER])
        sample = _sample(looks[:, WHOLE])
        comparisons = (looks.shape[1] - 1) * looks.shape[1]
        contents, tones = np.ascontiguousarray(hashes["content"]), hashes["tone"].astype(np.int16)
        chance = calibrated(looks[sample, WHOLE], tones[sample], units(sample), comparisons)
        telling = np.ascontiguousarray(hashes["telling"])
        found = cls(contents, looks, telling, tones, units, chance)
        return replace(found, chance=replace(chance, same=found._cosine_of_copies()))

    def bands(self) -> Iterator[Band]:
        """Give the keys by which candidates are found: equal files, then the bands of looks."""
        yield Band(self.contents[:, :1])
        yield from hash_bands(self.looks, HELD, self._reach)

    def near(self, first: Rows, second: Rows) -> Near:
        """Tell which pairs of rows (m,) are of the same picture."""
        parts = range(0, len(first), PAIRS)
        found = [self._near(first[i : i + PAIRS], second[i : i + PAIRS]) for i in parts]
        return np.concatenate([np.empty(0, bool), *found])

    def _near(self, first: Rows, second: Rows) -> Near:
        tones = tone_difference(self.tones[first], self.tones[second])
        likely = self._log_chance(first, second) + self.chance.of_tones(tones)
        found = np.asarray((self.contents[first] == self.contents[second]).all(axis=1))
        plain = (self.looks[first, WHOLE] == self.looks[second, WHOLE]) & (tones <= TONES)
        may = np.flatnonzero(~found & (plain | (likely + np.log10(LEAST_SHARE) <= self._least)))
        cosines = _cosines(self.units, first[may], second[may])
        by_chance = likely[may] + self.chance.of_cosines(cosines)
        found[may] = (by_chance <= self._least) | (plain[may] & (cosines >= self.chance.same))
        return found

    @property
    def _least(self) -> float:
        return float(np.log10(SURE / len(self.looks)))

    @property
    def _reach(self) -> int:
        """The distance from which on no other evidence makes copies of pictures."""
        chance = self.chance.by_distance[BITS] + self.chance.by_tone.min() + np.log10(LEAST_SHARE)
        return max(0, int((chance <= self._least).sum()) - 1)

    def _log_chance(self, first: Rows, second: Rows) -> Floats:
        """Return log10 of the probability (m,) that hashes are so near by chance."""
        one, other = np.delete(self.looks[first], ORDER.index(MIRRORED), 1), self.looks[second]
        distances = np.full(len(first), BITS, np.uint8)
        for look in one.T:
            for another in other.T:
                np.minimum(distances, np.bitwise_count(look ^ another), out=distances)
        telling = np.minimum(self.telling[first], self.telling[second])
        return self.chance.of_looks(distances, telling)

    def _cosine_of_copies(self) -> float:
        """Choose the least cosine of copies by pairs that hash equal, where there are enough.

        Not below what pairs of different pictures say.
        """
        first, second = next(
            meetings(Band(self.looks[:, :1]), lambda rows: np.ones(len(rows), bool))
        )
        equal = (self.contents[first] != self.contents[second]).any(axis=1)
        equal &= np.minimum(self.telling[first], self.telling[second]) >= BITS // 2
        pairs = np.flatnonzero(equal)[:PAIRS]
        if len(pairs) < KNOWN_COPIES:
            return self.chance.same
        cosines = _cosines(self.units, first[pairs], second[pairs])
        return max(self.chance.same, float(np.quantile(cosines, MOST_APART)))


def _cosines(units: Units, first: Rows, second: Rows) -> Floats:
    cosines = np.empty(len(first), np.float32)
    for start in range(0, len(first), PAIRS):
        part = slice(start, start + PAIRS)
        rows, places = np.unique(np.append(first[part], second[part]), return_inverse=True)
        known = units(rows)
        one, other = np.split(places, 2)
        cosines[part] = np.einsum("ij,ij->i", known[one], known[other])
    return cosines


def _sample(looks: NDArray[np.uint64]) -> Rows:
    """Draw rows (m,) whose looks (n,) are different."""
    rng = np.random.default_rng(SEED)
    drawn = rng.choice(len(looks), min(len(looks), DRAWN), replace=False)
    _, first = np.unique(looks[drawn], return_index=True)
    return np.sort(drawn[np.sort(first)[:SAMPLE]])
