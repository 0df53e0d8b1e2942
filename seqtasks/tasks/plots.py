"""Pictures of what happened."""

from collections.abc import Sequence
from pathlib import Path


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
