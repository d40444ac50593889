"""How large the pictures are and how long to train, chosen by the size of the crawl."""

from dataclasses import dataclass

SIDES = (32, 48, 64)
"""Sides of the small network's pictures."""
BUDGET = {"cpu": 900_000, "cuda": 4_000_000}
"""Pictures of 32 x 32 that are trained on in all; 918,000 took 15 minutes on two cores where the
processor computes with bfloat16."""
FEWEST_EPOCHS, GOOD_EPOCHS, MOST_EPOCHS = 4, 7, 12
BATCHES_AN_EPOCH, SMALLEST_BATCH = 128, 16
WARM_SHARE = 0.4
"""Share of the epochs before the first refresh."""
REFRESH_SHARE = 0.2
"""Share of the epochs from one refresh to the next."""
HELD_OUT_SHARE, MOST_HELD_OUT, FEWEST_HELD_OUT = 0.05, 1000, 50


@dataclass(frozen=True)
class Plan:
    """How long to train, and when to judge the labels again."""

    epochs: int
    batch_size: int
    refreshes: tuple[int, ...]
    """Epochs before which prototypes, and by them the targets, are refreshed."""
    held_out: int
    """Labelled rows that only decide when to stop; 0 where there are too few to spare any."""

    def length(self, labelled: int) -> int:
        """Count the pictures that are trained on in all."""
        return self.epochs * self.steps(labelled) * self.batch_size

    def steps(self, labelled: int) -> int:
        """Count the batches of an epoch; rows that fill no batch wait for the next epoch."""
        return max((labelled - self.held_out) // self.batch_size, 1)


def picture_side(native: int, rows: int, device: str) -> int:
    """Choose the side of the small network's pictures, in pixels.

    The largest of SIDES that is not above ``native`` and leaves time for GOOD_EPOCHS.
    """
    fitting = [side for side in SIDES if side <= native]
    paying = [side for side in fitting if _affordable(side, rows, device) >= GOOD_EPOCHS]
    return max(paying, default=SIDES[0])


def plan_training(side: int, rows: int, device: str, largest_batch: int, taught: bool) -> Plan:
    """Plan the training on ``rows`` labelled pictures.

    ``taught``: other encoders' features judge the labels before the first epoch, and beside the
    network's own at each refresh. By its own features alone a network confirms its own mistakes
    (label_quality's AUROC on 7,035 rows of tinyweb: .862 plain, .857 refreshed), so without other
    encoders nothing is refreshed.
    """
    epochs = min(max(round(_affordable(side, rows, device)), FEWEST_EPOCHS), MOST_EPOCHS)
    every = max(round(REFRESH_SHARE * epochs), 1)
    refreshes = [0, *range(max(round(WARM_SHARE * epochs), 1), epochs, every)] if taught else []
    held_out = min(int(HELD_OUT_SHARE * rows), MOST_HELD_OUT)
    return Plan(
        epochs,
        min(max(_power_of_two(rows // BATCHES_AN_EPOCH), SMALLEST_BATCH), largest_batch),
        tuple(refreshes),
        held_out if held_out >= FEWEST_HELD_OUT else 0,
    )


def _affordable(side: int, rows: int, device: str) -> float:
    """Return how many epochs the budget allows; pictures above 64 x 64 count as 64 x 64."""
    return BUDGET[device] / (rows * (min(side, SIDES[-1]) / SIDES[0]) ** 2)


def _power_of_two(number: int) -> int:
    """Return the largest power of two that is not above ``number``, at least 1."""
    return 1 << max(number.bit_length() - 1, 0)
