import io

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from curate.demo.crawl import make_crawl
from curate.demo.findings import auroc, show_findings

ROWS = 100


@pytest.fixture(scope="module")
def crawl(tmp_path_factory):
    return make_crawl(tmp_path_factory.mktemp("demo"), rows=ROWS)


def weighted(crawl, **changes):
    """Write the weighted manifest of somebody who finds all wrong labels but the open-set ones."""
    given_rows, truth = map(pl.read_parquet, crawl)
    found = (truth["noise_type"] != "clean") & (truth["noise_type"] != "open-set")
    columns = {
        "weight": (~found).cast(pl.Float32),
        "label_quality": (~found).cast(pl.Float32) * 0.9,
        "suggested_label": truth["true_label"].fill_null("circle"),
        "is_label_issue": found,
    }
    path = crawl[0].with_name("weighted.parquet")
    given_rows.with_columns(**(columns | changes)).write_parquet(path)
    return path


def shown(crawl, path, terminal=False):
    stream = io.StringIO()
    colours = "truecolor" if terminal else None
    console = Console(
        file=stream, width=80, force_terminal=terminal, color_system=colours, no_color=False
    )
    show_findings(console, path, crawl[1])
    return stream.getvalue()


def test_the_table_counts_what_was_found_of_each_kind(crawl):
    lines = [line.replace("│", " ").split() for line in shown(crawl, weighted(crawl)).splitlines()]
    cells = {line[0]: line[1:] for line in lines if line}
    assert cells["confusing"] == ["15", "15", "100%", "0.00"]
    assert cells["random"] == ["8", "8", "100%", "0.00"]
    assert cells["open-set"] == ["7", "0", "0%", "1.00"]
    assert cells["clean"] == ["70", "0", "0%", "1.00"]


def test_precision_and_recall_are_over_all_wrong_labels(crawl):
    text = shown(crawl, weighted(crawl))
    assert "Precision 100%, recall 77%" in text
    # 23 of 30 wrong rows come first, the other 7 tie with the clean ones.
    assert f"{(23 + 7 / 2) / 30:.3f}" in text


def test_what_is_piped_has_no_pictures_and_no_colour_codes(crawl):
    text = shown(crawl, weighted(crawl))
    assert "\x1b" not in text
    assert "▀" not in text
    assert "The worst suspects" in text


def test_a_terminal_shows_pictures_that_fit_in_80_columns(crawl, monkeypatch):
    monkeypatch.setenv("TMUX", "there")
    text = Text.from_ansi(shown(crawl, weighted(crawl), terminal=True)).plain
    assert text.count("▀") == 6 * 24 * 12
    assert max(map(len, text.splitlines())) <= 80


def test_labels_of_other_people_are_shown_as_they_are(crawl, monkeypatch):
    monkeypatch.setenv("TMUX", "there")
    nasty = pl.Series(["[red]a\x1b[2Jb[/nope]"] * ROWS)
    for terminal in (False, True):
        text = shown(crawl, weighted(crawl, suggested_label=nasty), terminal)
        assert "[red]a�[2Jb" in text
        assert "\x1b[2J" not in text


def test_rows_without_features_are_no_suspects(crawl):
    nothing = pl.Series([None] * ROWS, dtype=pl.Float32)
    text = shown(crawl, weighted(crawl, label_quality=nothing, weight=nothing))
    assert "AUROC of label_quality 0.500" in text


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=30))
def test_auroc_is_the_share_of_pairs_in_the_right_order(rows):
    score = np.array([value for value, _ in rows], dtype=float)
    positive = np.array([sort for _, sort in rows])
    gaps = score[positive][:, None] - score[~positive][None, :]
    expected = (np.sign(gaps) + 1).mean() / 2 if gaps.size else np.nan
    np.testing.assert_allclose(auroc(score, positive), expected)
