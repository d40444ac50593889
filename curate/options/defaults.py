"""The default of an option."""

from dataclasses import MISSING, Field
from inspect import Parameter
from typing import Any


def default_of(option: Field[Any]) -> Any:
    """Return the default of a field as a signature states it."""
    return Parameter.empty if option.default is MISSING else option.default
