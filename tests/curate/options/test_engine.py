"""Who works on shards: what the options can be, and what is said of others."""

import io
import sys
from pathlib import Path

import pytest
from rich.console import Console

from curate.cluster.open import open_engine
from curate.errors import CurateError
from curate.options.embed import EmbedOptions
from curate.options.engine import EngineOptions
from curate.options.weight import WeightOptions
from curate.store.engine import HERE
from curate.weighted.provenance import making

SILENT = Console(file=io.StringIO())


def test_the_local_engine_is_the_default() -> None:
    with open_engine(EngineOptions(), SILENT) as engine:
        assert engine is HERE
    assert EmbedOptions(Path("x.csv"), engine="ray").weigh_options.engine == "ray"


def test_an_address_may_have_colons() -> None:
    assert EngineOptions("ray").address is None
    assert EngineOptions("ray:[::1]:6379", 2, 0.5).address == "[::1]:6379"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("dask",), "--engine dask: it must be local, ray"),
        (("ray:",), "--engine ray:: it must be"),
        (("local:here",), "--engine local:here: it must be"),
        (("local", 2), "--cpus-per-task 2 is for --engine ray"),
        (("local", None, 1.0), "--gpus-per-task 1 is for --engine ray"),
        (("ray", 0), "--cpus-per-task 0: a worker has one"),
        (("ray", None, 1.5), "--gpus-per-task 1.5: it must be a share below 1"),
        (("ray", None, -1.0), "--gpus-per-task -1: it must be"),
    ],
)
def test_what_cannot_be_is_told(options: tuple, said: str) -> None:
    with pytest.raises(CurateError, match=said):
        EngineOptions(*options)


def test_ray_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "curate.cluster.on_ray", raising=False)
    with (
        pytest.raises(
            CurateError, match=r'Ray is not installed .*pip install "curate-labels\[ray\]"'
        ),
        open_engine(EngineOptions("ray"), SILENT),
    ):
        pass


def test_a_cluster_that_is_not_there_is_told() -> None:
    with (
        pytest.raises(CurateError, match=r"there is no Ray cluster at 127\.0\.0\.1:1 .*start one"),
        open_engine(EngineOptions("ray:127.0.0.1:1"), SILENT),
    ):
        pass


def test_the_engine_is_in_no_output() -> None:
    """Outputs of all engines have the same bytes."""
    options = (WeightOptions(Path("x.csv")), WeightOptions(Path("x.csv"), engine="ray"))
    here, there = (making("weight", each, Path("y.csv"), {}, "today") for each in options)
    assert here == there
