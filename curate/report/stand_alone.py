"""Pages that stand alone: one style and one script, and a policy that allows no others."""

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files

from jinja2 import Environment, StrictUndefined


def fill(template: str, style: str, script: str, content: Mapping[str, object]) -> str:
    """Fill a page's template, below `head.html`; all text is escaped, data is JSON without markup.

    Nothing is loaded: the policy allows this style and this script, by their hashes, and pictures
    that stand in the page.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    policy = (
        f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)};"
        " base-uri 'none'; form-action 'none'"
    )
    return environment.from_string(files_of(__package__, "head.html") + template).render(
        **content, policy=policy, style=style, script=script
    )


def files_of(package: str, *names: str) -> str:
    """Read text files that are part of a package, one after another."""
    return "\n".join(files(package).joinpath(name).read_text("utf-8") for name in names)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
