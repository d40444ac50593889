import logging

import numpy as np
import pytest
import torch

from curate.encoders.compiled import Compiled


class Counting:
    """A compiler that changes nothing and counts."""

    def __init__(self):
        self.compiled = 0

    def __call__(self, graph, _):
        self.compiled += 1
        return graph.forward


@pytest.fixture
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layers = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.GELU(), torch.nn.Linear(8, 3))
    return lambda pixels: layers(pixels / 255)


def batches(*sizes):
    rng = np.random.default_rng(0)
    return [torch.tensor(rng.integers(0, 256, (n, 6), dtype=np.uint8)) for n in sizes]


def said(caplog):
    return [r.getMessage() for r in caplog.records if r.name == "curate.encoders.compiled"]


def test_features_are_the_networks_and_short_batches_compile_nothing_anew(network, caplog):
    counting = Counting()
    compiled = Compiled(network, 4, counting)
    given = batches(4, 4, 1, 3, 4, 2)
    with torch.inference_mode():
        for batch in given:
            torch.testing.assert_close(compiled(batch), network(batch))
    assert counting.compiled == 1
    assert said(caplog) == []


def test_nothing_is_compiled_before_the_first_batch(network):
    counting = Counting()
    Compiled(network, 4, counting)
    assert counting.compiled == 0


def test_where_compiling_fails_the_network_runs_as_it_is_and_that_is_said(network, caplog):
    def broken(graph, _):
        raise RuntimeError("Cannot find a working triton installation")

    compiled = Compiled(network, 4, broken)
    with torch.inference_mode(), caplog.at_level(logging.WARNING):
        for batch in batches(4, 2):
            torch.testing.assert_close(compiled(batch), network(batch))
    (sentence,) = said(caplog)
    assert "torch.compile cannot be used here" in sentence
    assert "triton" in sentence


def test_what_fails_in_the_network_itself_is_raised():
    def wrong(batch):
        raise ValueError("no such layer")

    with pytest.raises(ValueError, match="no such layer"):
        Compiled(wrong, 4, Counting())(torch.zeros(2, 6))
