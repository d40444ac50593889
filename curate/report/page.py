"""The HTML of the page: its template, style and script, and the policy that allows no others."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from curate.report.thumbnails import Thumbnail

SCRIPTS = [f"script/{name}.js" for name in ("page", "sample", "classes", "heatmap", "start")]
"""Parts of the page's script, in the order in which they run."""


def render(content: Mapping[str, object], pictures: Sequence[Thumbnail]) -> str:
    """Fill the template; all text is escaped, and data is JSON without any markup."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    style, script = _own("page.css"), "\n".join(map(_own, SCRIPTS))
    policy = (
        f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)};"
        " base-uri 'none'; form-action 'none'"
    )
    return environment.from_string(_own("page.html")).render(
        **content,
        policy=policy,
        style=style,
        script=script,
        pictures=[picture.data or {"missing": picture.missing} for picture in pictures],
    )


def _own(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
