"""Every head, trained on a small crawl: it corrects labels, and a saved one says the same."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from curate.heads.cross_fit import CrossFitted, Unjudged, clean, folds_of
from curate.heads.inputs import Inputs
from curate.heads.nmn import Nmn
from curate.heads.saved import TrainedHead, load_head
from curate.heads.spec import head_class
from curate.heads.task import Task
from curate.heads.training import Examples
from curate.options.heads import HEADS
from curate.store.folders import Folders
from curate.training.device import Computer
from prototypes.engine.blocks import unit_rows
from prototypes.engine.softmax import log_softmax
from prototypes.method import adapted, fit_prototypes, fit_space
from tests.blocks import in_memory

from .conftest import CLASSES, Known

CPU = Computer(torch.device("cpu"), None)


def trained(
    name: str,
    task: Task,
    crawl: Known,
    examples: Examples | None = None,
    folds: tuple[int, ...] = (0,),
) -> CrossFitted:
    head = CrossFitted(name, task, crawl.inputs)
    rows = examples or crawl.examples
    for fold in folds:
        head.fit_member(
            fold, rows, folds_of(rows.features, None) != fold, CPU, 3, 0, lambda _: None
        )
    return head.eval()


def cleaned(head: CrossFitted, crawl: Known, fold: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return what is said of the rows of a fold, and which those are."""
    folds = folds_of(crawl.examples.features, None)
    rows = np.flatnonzero(folds == fold)
    part = Unjudged(crawl.examples.features[rows], crawl.examples.given[rows], folds[rows], True)
    return head.each(part, clean), rows


@pytest.mark.parametrize("name", HEADS)
def test_a_head_says_probabilities_and_does_no_harm(name: str, one_label: Known) -> None:
    p, rows = cleaned(trained(name, Task(CLASSES), one_label), one_label)
    assert np.isfinite(p).all()
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-3)
    before = (one_label.examples.given[rows, 0] == one_label.true[rows, 0]).mean()
    after = (p.argmax(axis=1) == one_label.true[rows, 0]).mean()
    assert after > before - 0.02
    if not name.startswith(("veit", "nmn")):
        assert after > before + 0.1
    elif name.startswith("veit"):
        assert after > before


@pytest.mark.parametrize("name", [name for name in HEADS if head_class(name).several])
def test_a_head_cleans_lists_of_labels(name: str, several_labels: Known) -> None:
    p, rows = cleaned(trained(name, Task(CLASSES, several=True), several_labels), several_labels)
    assert ((p >= 0) & (p <= 1.001)).all()
    true, given = (
        Task(CLASSES, several=True).given(torch.from_numpy(labels[rows])).numpy() > 0
        for labels in (several_labels.true, several_labels.examples.given)
    )
    assert ((p >= 0.5) == true).mean() > (given == true).mean() - 0.02


@pytest.mark.parametrize("name", ["nmn", "nmn:dependent"])
def test_nmn_sees_past_the_noise_with_nothing_verified(name: str, several_labels: Known) -> None:
    crawl, task = several_labels, Task(CLASSES, several=True)
    nothing = np.zeros(len(crawl.true), bool)
    head = trained(name, task, crawl, replace(crawl.examples, verified=nothing))
    folds = folds_of(crawl.examples.features, None)
    rows = np.flatnonzero(folds == 0)
    part = Unjudged(crawl.examples.features[rows], crawl.examples.given[rows], folds[rows], True)
    p = head.each(part, lambda member, x, given, chosen: member.classify(x))
    true, given = (
        task.given(torch.from_numpy(labels)).numpy() > 0
        for labels in (crawl.true, crawl.examples.given)
    )
    assert ((p >= 0.5) == true[rows]).mean() > (given == true)[rows].mean() + 0.05
    member = head.member(0)
    assert isinstance(member, Nmn)
    channel = member.bias.detach().sigmoid().numpy()
    np.testing.assert_allclose(channel[1], given.sum(0, where=true) / true.sum(0), atol=0.1)
    assert (channel[0] < 0.15).all()


@pytest.mark.parametrize("name", ["stack", "xiao", "veit", "hu", "nmn", "fine-tune", "sukhbaatar"])
def test_none_of_the_classes_and_new_classes_are_outputs(name: str, one_label: Known) -> None:
    true = one_label.true.copy()
    true[one_label.true[:, 0] == 4] = -1
    true[one_label.true[:, 0] == 3] = CLASSES
    crawl = replace(one_label, true=true, examples=replace(one_label.examples, true=true))
    inputs = replace_new(crawl.inputs, 1)
    task = Task(CLASSES, new=1, none=True)
    p, rows = cleaned(trained(name, task, replace(crawl, inputs=inputs)), crawl)
    assert p.shape == (len(rows), CLASSES + 2)
    assert np.isfinite(p).all()
    if name in ("stack", "hu", "fine-tune"):
        assert (p[true[rows, 0] == -1].argmax(axis=1) == CLASSES + 1).mean() > 0.5
        assert (p[true[rows, 0] == CLASSES].argmax(axis=1) == CLASSES).mean() > 0.5


def replace_new(inputs: Inputs, new: int) -> Inputs:
    sizes = (*inputs.projection.shape, len(inputs.self_influence), inputs.per_class, new)
    other = Inputs(*sizes)
    state = inputs.state_dict() | {"new_prototypes": other.new_prototypes}
    other.load_state_dict(state)
    return other


def test_what_a_row_is_told_does_not_depend_on_its_own_verified_label(one_label: Known) -> None:
    before = cleaned(trained("stack", Task(CLASSES), one_label), one_label)[0]
    folds = folds_of(one_label.examples.features, None)
    lied = np.where((folds == 0)[:, None], (one_label.true + 2) % CLASSES, one_label.true)
    examples = replace(one_label.examples, true=lied)
    after = cleaned(trained("stack", Task(CLASSES), one_label, examples), one_label)[0]
    np.testing.assert_array_equal(before, after)


def test_a_saved_head_says_the_same(one_label: Known, tmp_path: Path) -> None:
    head = trained("xiao", Task(CLASSES), one_label)
    names = tuple("abcde")
    folder = TrainedHead(head, names, "embeddings", "crawl").save(Folders(tmp_path), "head")
    again = load_head(folder)
    assert (again.classes, again.encoder, again.crawl) == (names, "embeddings", "crawl")
    np.testing.assert_array_equal(cleaned(head, one_label)[0], cleaned(again.head, one_label)[0])


def test_another_crawl_is_told_the_mean_of_all_heads(one_label: Known) -> None:
    head = trained("fine-tune", Task(CLASSES), one_label, folds=(0, 1, 2, 3, 4))
    x, given = one_label.examples.features[:40], one_label.examples.given[:40]
    each = [head.each(Unjudged(x, given, np.full(40, k), False), clean) for k in range(5)]
    mean = head.each(Unjudged(x, given, np.full(40, -1), False), clean)
    np.testing.assert_allclose(mean, np.mean(each, axis=0), atol=1e-6)


def test_ten_verified_rows_are_enough_not_to_fail(one_label: Known) -> None:
    few = np.zeros(len(one_label.true), bool)
    few[:10] = True
    examples = replace(one_label.examples, verified=few)
    for name in ("stack", "xiao", "veit", "hu", "sukhbaatar"):
        p, _ = cleaned(trained(name, Task(CLASSES), one_label, examples), one_label)
        assert np.isfinite(p).all(), name


def test_inputs_are_what_the_prototypes_say(one_label: Known) -> None:
    x, given = one_label.examples.features, one_label.examples.given[:, 0].astype(np.int32)
    space = fit_space(in_memory(x, given), CLASSES)
    prototypes = fit_prototypes(adapted(in_memory(x, given), space), CLASSES)
    cosines = space.transform(x) @ unit_rows(prototypes.v).T
    cosines[np.arange(len(x)), given] -= space.self_influence[given]
    ones = Task(CLASSES).given(torch.from_numpy(one_label.examples.given))
    found = one_label.inputs(torch.from_numpy(x), ones).numpy()
    np.testing.assert_allclose(
        found[:, -CLASSES:], log_softmax(cosines / prototypes.tau), atol=2e-4
    )
    np.testing.assert_allclose(found[:, :-CLASSES], unit_rows(x), atol=1e-5)
