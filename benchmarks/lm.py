"""Train and evaluate the language model with its own commands, once a seed.

    python benchmarks/lm.py --data book.txt --seeds 1 2 3 --json benchmarks/results/mine.json

Every figure comes from `seqtasks lm train` and `evaluate` run as a user runs them, with nothing
but the data, the seed and the place given; further options after `--` go to `train`.
"""

import json
from pathlib import Path

from task_runs import Row, evaluate, measure

FIGURES = (
    "perplexity",
    "nats_per_token",
    "bits_per_char",
    "unknown_rate",
    "tokens",
    "ngram_order",
    "ngram_perplexity",
    "true_perplexity",
    "agreement",
)


def score(model: Path) -> Row:
    """Figures of the splits there are."""
    row: Row = {}
    history = (model / "history.csv").read_text().splitlines()
    column = history[0].split(",").index("seconds")
    row["seconds_of_epochs"] = round(sum(float(line.split(",")[column]) for line in history[1:]))
    shares = json.loads((model / "config.json").read_text())["data"]["shares"]
    for split in ("dev", "test") if shares.count("/") == 2 else ("dev",):
        scores = evaluate("lm", model, split)
        row[split] = {name: scores[name] for name in FIGURES if name in scores}
    return row


if __name__ == "__main__":
    measure("lm", __doc__, score, lambda model, data, repeats: {}, best="perplexity")
