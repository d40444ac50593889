import numpy as np

from curate.terminal.heatmap import GAP, LARGEST_CELL, TITLE, UNKNOWN, draw_heatmap


def test_a_panel_a_graph_with_near_classes_bright_and_unknown_ones_grey() -> None:
    S = np.full((4, 4), 0.1, np.float32)
    S[0, 3] = S[3, 0] = 0.9
    S[2] = S[:, 2] = np.nan
    np.fill_diagonal(S, 1)
    names = ["a", "b", "c", "d"]
    image = draw_heatmap({"one": S, "two": S.T}, names, np.array([0, 3, 1, 2]))
    side = 4 * LARGEST_CELL
    assert image.height == TITLE + side + GAP
    left = image.width - 2 * (side + GAP)

    def cell(panel: int, row: int, column: int) -> tuple[int, ...]:
        x = left + panel * (side + GAP) + int((column + 0.5) * LARGEST_CELL)
        return image.getpixel((x, TITLE + int((row + 0.5) * LARGEST_CELL)))

    for panel in (0, 1):
        assert cell(panel, 0, 1) == (253, 231, 37)
        assert cell(panel, 0, 2) == (68, 1, 84)
        assert cell(panel, 0, 3) == UNKNOWN


def test_many_classes_are_drawn_a_pixel_each_without_names() -> None:
    S = np.random.default_rng(0).random((900, 900)).astype(np.float32)
    image = draw_heatmap({"one": S}, ["x"] * 900, np.arange(900))
    assert image.size == (900 + 2 * GAP, 900 + TITLE + GAP)
