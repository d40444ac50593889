"""The options of `curate verify`."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from curate.errors import CurateError
from curate.options import shared
from curate.options.choices import check_choices
from curate.options.columns import ColumnOptions
from curate.options.on_command_line import Typed
from curate.options.pages import check_page
from curate.options.paths import OptionalPath
from curate.options.weighted import WeightedOptions
from curate.store.urls import as_path, is_remote

Strategy = Literal["suspect", "boundary", "balanced", "random"]


@dataclass(frozen=True)
class VerifyOptions:
    """The options of `curate verify`; raises CurateError for values that cannot be used."""

    files: Annotated[
        Sequence[Path],
        Typed(list[Path]),
        typer.Argument(
            help="What curate weight wrote; with --merge, files of answers.", show_default=False
        ),
    ]
    _: KW_ONLY
    out: Annotated[
        OptionalPath,
        typer.Option(
            "--out",
            "-o",
            help="File of answers (.parquet); what it answers is not asked again. With --html any"
            " verified file, and only read. Default: beside the manifest, MANIFEST.verified"
            ".parquet.",
            show_default=False,
        ),
    ] = OptionalPath()
    html: Annotated[
        OptionalPath,
        typer.Option(
            "--html",
            help="Write a page on which to answer in a browser, without a terminal: an .html that"
            " can be sent. What is saved from it is a file of answers.",
            show_default=False,
        ),
    ] = OptionalPath()
    strategy: Annotated[
        Strategy,
        typer.Option(
            help="suspect: the worst first; boundary: where it is least sure; balanced: every class"
            " and every quality, for curate refine; random: for an unbiased share of wrong labels."
        ),
    ] = "suspect"
    limit: Annotated[int, typer.Option(min=1, help="How many samples, all sittings together.")] = (
        200
    )
    given: shared.GivenClass = None
    noise_type: shared.OfNoiseType = None
    seed: Annotated[int, typer.Option(min=0, help="For balanced and random: other samples.")] = 0
    by: Annotated[
        str | None,
        typer.Option(
            help="Who answers. Default: the login; with --html, the page asks.", show_default=False
        ),
    ] = None
    each_label: Annotated[
        bool,
        typer.Option(
            "--each-label",
            help="Of lists of labels: ask about each label, given or suggested, by itself. --limit"
            " counts images, and the file has columns key, label, correct.",
        ),
    ] = False
    merge: Annotated[
        bool,
        typer.Option(
            "--merge", help="Put several people's files together; disagreements are left out."
        ),
    ] = False
    pictures: Annotated[Literal["auto", "blocks", "sixel", "kitty"], shared.HOW_DRAWN] = "auto"
    image: shared.Image = None
    label: shared.Label = None
    key: shared.KeyColumn = None
    caption: shared.Caption = None
    root: shared.Root = OptionalPath()
    prefix: shared.Prefix = None
    run_dir: shared.FoundRun = OptionalPath()
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the page of --html if it exists.")
    ] = False

    def __post_init__(self) -> None:
        check_choices(self)
        object.__setattr__(self, "files", [as_path(file) for file in self.files])
        if self.out is not None and is_remote(self.out):
            raise CurateError(
                f"--out {self.out}: answers are kept on this computer, each at once; name a path,"
                " and copy the file into the store at the end."
            )
        if self.html is not None:
            self._check_page(self.html)

    def _check_page(self, html: Path) -> None:
        if self.merge:
            raise CurateError(
                "--html writes a page, and --merge is about answers, which are saved from it; leave"
                " one of the two out."
            )
        check_page(html, "--html", self.overwrite)

    @property
    def source(self) -> WeightedOptions:
        """The part that says what is read."""
        columns = ColumnOptions(self.label, self.image, self.key, self.caption)
        return WeightedOptions(self.files[0], columns, self.root, self.prefix, self.run_dir)

    @property
    def output(self) -> Path:
        """The file of answers: named, or beside the weighted manifest, here if that is a URL."""
        path = self.files[0]
        stem = path.name.removesuffix(path.suffix).removesuffix(".weighted")
        home = Path() if is_remote(path) else path.parent
        return self.out or home / f"{stem}.verified.parquet"
