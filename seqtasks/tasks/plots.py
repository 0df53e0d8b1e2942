"""Pictures of what happened."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any


def curves(path: Path, history: Sequence[dict[str, float]], score: str, best: float) -> None:
    """Training loss and validation score by epoch, the kept epoch marked; a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    epochs = [row["epoch"] for row in history]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    left.plot(epochs, [row["loss"] for row in history], color="tab:gray", marker=".")
    left.set(title="training loss", xlabel="epoch", ylim=(0, None))
    names = [n for n in history[0] if n not in ("epoch", "loss", "score", "seconds")]
    for name in names:
        strong = name == score
        right.plot(
            epochs,
            [row[name] for row in history],
            marker=".",
            label=name,
            linewidth=2 if strong else 1,
            alpha=1 if strong else 0.5,
        )
    right.axvline(best, color="tab:green", linestyle=":", label="kept")
    right.set(title="validation", xlabel="epoch")
    right.legend(frameon=False)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.get_major_locator().set_params(integer=True)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def confusion(path: Path, labels: Sequence[str], counts: Sequence[Sequence[int]]) -> None:
    """Which label was found for which, a row a true label, shaded by the row's shares; a PNG.

    Of more than 40 labels the figures are left out, which nobody could read.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    many = len(labels) > 40
    size = 1.8 + (0.2 if many else 0.7) * min(len(labels), 400)
    figure, axes = pyplot.subplots(figsize=(size, size), layout="constrained")
    shares = [[n / max(sum(row), 1) for n in row] for row in counts]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i, row in enumerate([] if many else counts):
        for j, n in enumerate(row):
            colour = "white" if shares[i][j] > 0.5 else "black"
            axes.text(j, i, f"{n:,}", ha="center", va="center", color=colour)
    plain: dict[str, Any] = {"parse_math": False}  # a label with dollar signs is no formula
    turned = 90 if many else 45 if len(labels) > 3 else 0
    axes.set_xticks(range(len(labels)), labels, rotation=turned, **plain)
    axes.set_yticks(range(len(labels)), labels, **plain)
    axes.set(xlabel="found", ylabel="true")
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def calibration(path: Path, rows: Sequence[dict[str, float]]) -> None:
    """How often an answer is right against how sure it was, dots as large as they have texts."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(4, 4), layout="constrained")
    axes.plot([0, 1], [0, 1], color="tab:gray", linestyle=":", label="as sure as right")
    most = max((row["texts"] for row in rows), default=1)
    axes.scatter(
        [row["confidence"] for row in rows],
        [row["accuracy"] for row in rows],
        [20 + 180 * row["texts"] / most for row in rows],
        color="tab:green",
        alpha=0.7,
    )
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="probability", ylabel="share that is right")
    axes.set_aspect("equal")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
