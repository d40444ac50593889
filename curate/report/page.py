"""The HTML of the report: its template, style and script."""

from collections.abc import Mapping, Sequence

from curate.report.stand_alone import files_of, fill
from curate.report.thumbnails import Thumbnail

STYLES = ("base.css", "page.css")
SCRIPTS = [
    f"script/{name}.js" for name in ("elements", "page", "sample", "classes", "heatmap", "start")
]
"""Parts of the page's script, in the order in which they run."""


def render(content: Mapping[str, object], pictures: Sequence[Thumbnail]) -> str:
    """Fill the template."""
    shown = {"pictures": [picture.as_json for picture in pictures]}
    template, style, script = (
        files_of(__package__, *names) for names in (["page.html"], STYLES, SCRIPTS)
    )
    return fill(template, style, script, {**content, **shown})
