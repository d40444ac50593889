"""What `curate refine` says of how right labels are with and without a head; only what was seen."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from curate.heads.comparison import Comparison
from curate.heads.rates import Rates, differ
from curate.heads.verdict import Verdict
from curate.terminal.printable import brief, shown
from curate.weighted.columns import NOISE_NAMES
from curate.weighted.noise_type_filter import ADVICE

SHOWN = 5
"""Classes of each kind that are named."""


def show_comparison(console: Console, compared: Comparison) -> None:
    """Say what share of labels is right by each head that --head auto has tried, and its choice."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, share in compared.shares.items():
        chosen = "chosen" if name == compared.chosen else ""
        interval = f"[dim]({share.low:.1%} to {share.high:.1%})[/]"
        table.add_row(name, f"{share.mean:.1%}", interval, chosen)
    console.print("Labels right after cleaning, by each head that --head auto has tried:\n")
    console.print(table)
    console.print(
        "\nauto takes the first head within one standard error of the best. The verdict below is of"
        "\nthat choice: each row is judged by the head that the rows of other folds choose.\n"
    )


def show_verdict(
    console: Console,
    verdict: Verdict | None,
    chosen: Sequence[str],
    wrong: tuple[float, float] | None,
) -> None:
    """Say how right labels are with and without a head.

    ``chosen`` is how rows were chosen, if not at random; ``wrong`` the range of the crawl's share
    of wrong labels, None where it cannot be compared.
    """
    if verdict is None:
        console.print(
            "No row is verified, so nothing tells how right the refined labels are; verify some"
            " with `curate verify --strategy random` and give them with --verified."
        )
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, share in (("before", verdict.before), ("after", verdict.after)):
        interval = f"({share.low:.1%} to {share.high:.1%})"
        table.add_row(f"labels right {name}", f"{share.mean:.1%}", f"[dim]{interval}[/]")
    table.add_row("mended, spoiled", f"{verdict.mended:,}", f"{verdict.spoiled:,}")
    by = "" if verdict.answers is None else f" ({verdict.answers:,} answers to single labels)"
    console.print(
        f"On {verdict.rows:,} verified rows{by}, each judged by a head that has not seen it:\n"
    )
    console.print(table)
    if chosen:
        console.print(
            f"\nThey were not all drawn at random (strategy {shown(brief(', '.join(chosen)))}):"
            " these are shares of such rows, and not of the crawl."
        )
    if verdict.answers is not None:
        console.print("\nLabels that nobody was asked about do not count.")
    unlike = wrong is not None and verdict.is_unlike(wrong)
    if unlike:
        assert wrong is not None
        console.print(
            f"\nThey are unlike the crawl, of whose labels {1 - wrong[1]:.0%} to {1 - wrong[0]:.0%}"
            " look right: what is said here holds for such rows only."
        )
    if verdict.improves and unlike:
        console.print(
            "\n[yellow]An improvement of such rows[/]: the labels of others may get worse; verify"
            " some with `curate verify --strategy random` before you train on refined_label.\n"
        )
    elif verdict.improves:
        console.print("\n[green]An improvement[/]: train on refined_label with refined_weight.\n")
    elif verdict.worsens:
        console.print(
            "\n[red]The head's labels are worse[/]: keep the given labels with their weight, or try"
            " another --head. The output holds the head's labels all the same.\n"
        )
    else:
        console.print(
            "\n[yellow]No improvement is shown[/]: keep the given labels with their weight, or"
            " verify more rows.\n"
        )


def show_rates(console: Console, rates: Rates) -> None:
    """Say which labels a head holds to be missing or wrongly given most often.

    Where the rates differ no more than by chance, no class is named.
    """
    for column, event, images in (
        ("missing", "missing", "images that show the class"),
        ("wrongly_given", "wrongly given", "images that do not show it"),
    ):
        of_class = rates.table[column].to_numpy()
        if not differ(of_class, rates.of[column]):
            rate = " to ".join(dict.fromkeys(f"{q:.2%}" for q in (of_class.min(), of_class.max())))
            console.print(
                f"Labels are {event} about as often in each class, {rate} of {images}, as the"
                " channels have learned: no class stands out beyond chance.\n"
            )
            continue
        table = Table(box=None, show_header=False, pad_edge=False)
        most = rates.table.sort(column, descending=True).head(SHOWN)
        for name, rate in most.select("class", column).rows():
            table.add_row(shown(brief(name)), f"{rate:.2%}")
        console.print(
            f"Labels that are {event} most often, of {images}, as the channels have learned:\n"
        )
        console.print(table)
        console.print()


def noise_summary(counts: NDArray[np.int64]) -> str:
    """Say how many rows (3,) have each type of noise, and how to use that."""
    said = []
    for name, rows in zip(NOISE_NAMES, counts.tolist(), strict=True):
        to_do = f" ({ADVICE[name]})" if name in ADVICE else ""
        said.append(f"{rows:,} {name.removeprefix('noise_')}{to_do}")
    return (
        f"Noise: {', '.join(said)}; `curate export --labels refined --noise-type not-random` does"
        " this."
    )
