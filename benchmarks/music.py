"""Train and evaluate the music model with its own commands, once a seed.

    python benchmarks/music.py --data pieces.json --seeds 1 --json benchmarks/results/mine.json

Every figure comes from `seqtasks music train` and `evaluate` run as a user runs them, with nothing
but the data, the seed and the place given; further options after `--` go to `train`.
"""

import json
from pathlib import Path

from task_runs import Row, evaluate, measure

FIGURES = ("nll_per_step", "nll_per_note", "nll_per_ending", "frame_accuracy", "steps", "pieces")


def score(model: Path) -> Row:
    """Figures of dev and test."""
    row: Row = {}
    history = (model / "history.csv").read_text().splitlines()
    column = history[0].split(",").index("seconds")
    row["seconds_of_epochs"] = round(sum(float(line.split(",")[column]) for line in history[1:]))
    row["best_epoch"] = json.loads((model / "metrics.json").read_text())["best_epoch"]
    for split in ("dev", "test"):
        scores = evaluate("music", model, split)
        row[split] = {name: scores[name] for name in FIGURES}
    return row


if __name__ == "__main__":
    measure("music", __doc__, score, lambda model, data, repeats: {}, best="nll_per_step")
