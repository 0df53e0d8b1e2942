"""Train, score and time the tagger with its own commands, once a seed.

    python benchmarks/ner.py --data mydata/ --seeds 1 2 3 --json benchmarks/results/mine.json

Every figure comes from `seqtasks ner train`, `evaluate` and `predict` run as a user runs them, with
nothing but the data, the seed and the place given; further options after `--` go to `train`.
"""

import json
from pathlib import Path

from task_runs import Row, evaluate, measure, rate


def score(model: Path) -> Row:
    """Validation and test scores, and the sentences they are of."""
    record = json.loads((model / "config.json").read_text())
    row: Row = {}
    for split in ("dev", "test"):
        scores = evaluate("ner", model, split)
        row[split] = {name: scores[name] for name in ("f1", "precision", "recall", "per_type")}
    row["sentences"] = record["data"]["sentences"] | {"test": scores["sentences"]}
    return row


def speed(model: Path, _: str, repeats: int) -> Row:
    """Words a second, of the sample's test split."""
    from seqtasks.datasets import sample_ner

    texts = [example.text for example in sample_ner.load()["test"]]
    words = rate("ner", model, texts, 60, lambda text: len(text.split()), repeats)
    return {"words_a_second": words, "repeats": repeats}


if __name__ == "__main__":
    measure("ner", __doc__, score, speed, best="f1")
