"""Train, score and time the classifier with its own commands, once a seed.

    python benchmarks/sentiment.py --data mydata/ --seeds 1 2 3 --json benchmarks/results/mine.json

Every figure comes from `seqtasks sentiment train`, `evaluate` and `predict` run as a user runs
them, with nothing but the data, the seed and the place given; further options after `--` go to
`train`.
"""

import json
from pathlib import Path

from task_runs import Row, evaluate, measure, rate


def score(model: Path) -> Row:
    """Validation and test scores, and the calibration error that training found."""
    metrics = json.loads((model / "metrics.json").read_text())
    row: Row = {"ece_before_calibration": {"dev": metrics["ece_before"]}}
    for split in ("dev", "test"):
        scores = evaluate("sentiment", model, split)
        row[split] = {name: scores[name] for name in ("accuracy", "f1_macro", "ece", "examples")}
    return row


def speed(model: Path, data: str, repeats: int) -> Row:
    """Texts a second, of the test split."""
    from seqtasks.datasets.labelled_sources import load_labelled

    texts = [" ".join(example.text.split()) for example in load_labelled(data).splits["test"]]
    found = rate("sentiment", model, texts, 40, lambda _: 1, repeats)
    return {"texts_a_second": found, "repeats": repeats}


if __name__ == "__main__":
    measure("sentiment", __doc__, score, speed, best="accuracy")
