import numpy as np
import torch

from curate.encoders.overlap import overlapped

CPU = torch.device("cpu")


def batches(*sizes):
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (n, 4), dtype=np.uint8) for n in sizes]


def double(pixels):
    return pixels.to(torch.bfloat16) * 2


def test_every_batch_comes_out_once_in_order_as_float32():
    given = batches(3, 1, 5, 2)
    results = list(overlapped(given, CPU, double))
    assert [result.dtype for result in results] == [np.float32] * 4
    for batch, result in zip(given, results, strict=True):
        np.testing.assert_array_equal(result, batch * 2.0)


def test_no_batches_give_no_results():
    assert list(overlapped([], CPU, double)) == []


def test_a_result_comes_when_the_next_batch_is_under_way():
    events = []

    def tell(given):
        for i, batch in enumerate(given):
            events.append(f"asked {i}")
            yield batch

    for _ in overlapped(tell(batches(1, 1, 1)), CPU, double):
        events.append("result")
    assert events == ["asked 0", "asked 1", "result", "asked 2", "result", "result"]


def test_a_batch_may_be_overwritten_once_the_next_is_asked_for():
    buffer = np.empty((2, 4), np.uint8)

    def reuse():
        for value in (1, 2, 3):
            buffer[:] = value
            yield buffer

    results = list(overlapped(reuse(), CPU, lambda pixels: pixels.float()))
    assert [result[0, 0] for result in results] == [1, 2, 3]


def test_a_read_only_batch_is_taken_without_a_warning():
    (batch,) = batches(2)
    batch.flags.writeable = False
    (result,) = overlapped([batch], CPU, double)
    np.testing.assert_array_equal(result, batch * 2.0)
