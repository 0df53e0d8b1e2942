"""Pictures: they are drawn, whatever the labels."""

import pytest

from seqtasks.tasks import plots


def is_png(path):
    return path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize(
    "labels",
    [
        ["negative", "positive"],
        # what matplotlib would take for a formula, and break on
        ["$", "$x_$", "a_b^", "\\frac"],
        [f"label {i}" for i in range(45)],
    ],
    ids=["two", "signs", "many"],
)
def test_confusions_are_drawn(tmp_path, labels):
    counts = [[10 * (i == j) + (i + j) % 3 for j in range(len(labels))] for i in range(len(labels))]
    counts[0] = [0] * len(labels)  # a label that no text has
    plots.confusion(tmp_path / "c.png", labels, counts)
    assert is_png(tmp_path / "c.png")


@pytest.mark.parametrize("rows", [[], [{"confidence": 0.9, "accuracy": 0.5, "texts": 3}]])
def test_calibration_is_drawn(tmp_path, rows):
    plots.calibration(tmp_path / "c.png", rows)
    assert is_png(tmp_path / "c.png")
