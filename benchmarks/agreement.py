"""What recurrent cells can remember: agreement by distance, and gradients that vanish or do not.

    python benchmarks/agreement.py --json benchmarks/results/agreement.json

Language models that differ in their cell alone are trained on the embedded sample. Left: how often
the right form of a verb is the more probable one, by the number of words between it and its
subject. Right: the size of ∂loss/∂x<t−k>, where the loss is −ln p of the verb at t and x the
vectors of the words before it; mean over items, as a share of that of the last word. The picture is
drawn from the results, `--draw` draws it anew without training.
"""

import argparse
import json
import os
import platform
import tempfile
from pathlib import Path
from statistics import mean
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

CELLS: dict[str, dict[str, Any]] = {
    "basic RNN": {"cell": "rnn"},
    "simplified GRU": {"cell": "gru", "relevance_gate": False},
    "GRU": {"cell": "gru"},
    "LSTM": {"cell": "lstm"},
    "peephole LSTM": {"cell": "lstm", "peephole": True},
}
FARTHEST = 20


def main() -> None:
    """Train, measure, write, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--units", type=int, default=100)
    parser.add_argument("--json", type=Path, required=True, help="where the results go")
    parser.add_argument("--picture", type=Path, default=Path("docs/agreement.png"))
    parser.add_argument("--draw", action="store_true", help="only draw what --json holds")
    arguments = parser.parse_args()
    if not arguments.draw:
        measure(arguments)
    draw(json.loads(arguments.json.read_text()), arguments.picture)


def measure(arguments: argparse.Namespace) -> None:
    """A row for each cell and seed."""
    import tensorflow as tf

    from seqtasks.datasets import sample_lm
    from seqtasks.datasets.text_sources import load_text
    from seqtasks.tasks import lm
    from seqtasks.tasks.lm.agreement import agreement
    from seqtasks.tasks.run_directory import versions

    data, items = load_text("sample"), sample_lm.agreement_items()
    rows = []
    for name, settings in CELLS.items():
        for seed in arguments.seeds:
            config = lm.Config(
                units=arguments.units, epochs=arguments.epochs, seed=seed, **settings
            )
            with tempfile.TemporaryDirectory() as folder:
                scores = lm.train(config, data, Path(folder) / "run", say=lambda line: None)
                model = lm.load(Path(folder) / "run")
            row = {"cell": name, "seed": seed, "perplexity": round(scores["perplexity"], 3)}
            row["agreement"] = {d: round(s, 3) for d, s in agreement(model, items).items()}
            row["gradient"] = gradients(model, items)
            rows.append(row)
            print(name, seed, row["perplexity"], row["agreement"], flush=True)
    result = {
        "command": f"python benchmarks/agreement.py --epochs {arguments.epochs} "
        f"--units {arguments.units} --seeds {' '.join(map(str, arguments.seeds))}",
        "machine": f"{os.cpu_count()} CPU cores, {platform.machine()}",
        "versions": versions() | {"tensorflow": tf.__version__},
        "rows": rows,
    }
    arguments.json.write_text(json.dumps(result, indent=1) + "\n")


def gradients(model: Any, items: Any) -> list[float]:
    """The size of ∂loss/∂x<t−k> for k = 0, 1, … FARTHEST, as shares of the first."""
    import numpy as np
    import tensorflow as tf

    network, sizes = model.network, []
    for item in (item for item in items if item.distance >= FARTHEST - 2):
        ids = model.encoder.ids(tf.constant(["</s>", *item.prefix, item.right])).numpy()
        x = network.vectors(ids[None, :-1])
        with tf.GradientTape() as tape:
            tape.watch(x)
            h = x
            for layer in network.recurrent:
                h, *_ = layer(h)
            h = h if network.project is None else network.project(h)
            loss = -network.log_probabilities(h[:, -1:], ids[None, -1:])
        norms = tf.norm(tape.gradient(loss, x)[0], axis=-1).numpy()[::-1]
        sizes.append(norms[: FARTHEST + 1])
    mean_sizes = np.stack(sizes).mean(axis=0)
    return [float(f"{size:.4g}") for size in mean_sizes / mean_sizes[0]]


def draw(result: dict[str, Any], picture: Path) -> None:
    """Two panels, a line a cell, the spread of the seeds behind it."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
    for number, name in enumerate(CELLS):
        rows = [row for row in result["rows"] if row["cell"] == name]
        color = f"C{number}"
        shares = [[100 * value for value in row["agreement"].values()] for row in rows]
        for axes, lines in ((left, shares), (right, [row["gradient"] for row in rows])):
            columns = list(zip(*lines, strict=True))
            x = range(len(columns))
            axes.plot(x, [mean(c) for c in columns], color=color, label=name)
            low, high = [min(c) for c in columns], [max(c) for c in columns]
            axes.fill_between(x, low, high, color=color, alpha=0.15, linewidth=0)
    left.axhline(50, color="tab:gray", linestyle=":")
    left.set(title="verbs that agree, in percent", xlabel="words between subject and verb")
    right.set(title="size of ∂loss/∂x<t−k>, as a share of k = 0", xlabel="k", yscale="log")
    left.legend(frameon=False, loc="center left")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.get_major_locator().set_params(integer=True)
    figure.savefig(picture, dpi=120)
    pyplot.close(figure)


if __name__ == "__main__":
    main()
