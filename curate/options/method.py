"""The check of what is chosen about the mathematics."""

import math

from curate.errors import CurateError
from prototypes.options import CONSTANT, L2, Options, largest_gamma

MOST_ROUNDS = 20
MOST_PROTOTYPES = 64


def check_above_0(name: str, value: float, default: object) -> None:
    """Raise CurateError where an option is no number above 0."""
    if not (math.isfinite(value) and value > 0):
        raise CurateError(f"--{name} {value} is not a number above 0; the default is {default}.")


def check_method(chosen: Options) -> None:
    """Raise CurateError for choices that cannot be, alone or together."""
    check_above_0("gamma", chosen.gamma, 2)
    check_above_0("epsilon", chosen.epsilon, 0.05)
    most = largest_gamma(chosen.epsilon)
    if chosen.gamma > most:
        raise CurateError(
            f"--gamma {chosen.gamma:g} with --epsilon {chosen.epsilon:g}: p is up to ε^−γ, more"
            f" than its column can hold; give a --gamma of at most {most:.3g}."
        )
    for name, temperature in (("tau-v", chosen.tau_v), ("tau-t", chosen.tau_t)):
        if temperature is None:
            continue
        check_above_0(name, temperature, "calibrated on the crawl")
        if chosen.psi == L2:
            raise CurateError(
                f"--{name} {temperature} is the temperature of a softmax, which --psi l2 does"
                " without; leave one of them out."
            )
    if not 1 <= chosen.rounds <= MOST_ROUNDS:
        raise CurateError(f"--rounds {chosen.rounds}: it must be from 1 to {MOST_ROUNDS}.")
    if chosen.rounds > 1 and chosen.prototypes == CONSTANT:
        raise CurateError(
            f"--rounds {chosen.rounds} judges again by weighted prototypes, and --prototypes"
            " constant has none; leave one of them out."
        )
    if not 1 <= chosen.per_class <= MOST_PROTOTYPES:
        raise CurateError(
            f"--prototypes-per-class {chosen.per_class}: it must be from 1 to {MOST_PROTOTYPES}."
        )
