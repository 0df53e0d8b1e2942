"""Train, score and time the classifier with its own commands, once a seed.

    python benchmarks/sentiment.py --data mydata/ --seeds 1 2 3 --json benchmarks/results/mine.json

Every figure comes from `seqtasks sentiment train`, `evaluate` and `predict` run as a user runs
them, with nothing but the data, the seed and the place given; further options after `--` go to
`train`.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-c", "from seqtasks.cli import main; main()", "sentiment"]


def call(*arguments: str, stdin: bytes | None = None) -> tuple[str, float]:
    """Standard output and seconds of a command; its progress goes to our standard error."""
    start = time.monotonic()
    process = subprocess.run(
        [*COMMAND, *arguments], input=stdin, stdout=subprocess.PIPE, check=True
    )
    return process.stdout.decode(), time.monotonic() - start


def one_seed(data: str, seed: int, more: list[str], place: Path) -> dict[str, Any]:
    """Train with a seed; validation and test scores, and seconds."""
    model = str(place / f"seed-{seed}")
    _, seconds = call("train", "--data", data, "--seed", str(seed), "--model", model, *more)
    row: dict[str, Any] = {"seed": seed, "train_seconds": round(seconds)}
    metrics = json.loads((Path(model) / "metrics.json").read_text())
    row["epochs"] = len((Path(model) / "history.csv").read_text().splitlines()) - 1
    row["ece_before_calibration"] = {"dev": metrics["ece_before"]}
    for split in ("dev", "test"):
        scores = json.loads(call("evaluate", "--model", model, "--split", split, "--json")[0])
        row[split] = {name: scores[name] for name in ("accuracy", "f1_macro", "ece", "examples")}
    return row


def texts_a_second(model: str, data: str, repeats: int) -> dict[str, Any]:
    """How fast `predict` labels texts once loaded: long against short input, start taken off."""
    from seqtasks.datasets.labelled_sources import load_labelled

    texts = [" ".join(example.text.split()) for example in load_labelled(data).splits["test"]]
    few, many = texts, texts * 40
    rates = []
    for _ in range(repeats):
        times = []
        for lines in (few, many):
            given = "\n".join(lines).encode() + b"\n"
            out, seconds = call("predict", "--model", model, "--format", "json", "-", stdin=given)
            assert len(out.splitlines()) == len(lines)
            times.append(seconds)
        rates.append((len(many) - len(few)) / (times[1] - times[0]))
    return {"texts_a_second": round(statistics.median(rates)), "repeats": repeats}


def main() -> None:
    """Parse, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="SOURCE, as `seqtasks sentiment train`'s")
    parser.add_argument("--name", help="what to call it in the results, instead of its path")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--speed", type=int, default=0, help="time `predict` so many times too")
    parser.add_argument("--json", type=Path, required=True, help="where the results go")
    arguments, more = parser.parse_known_args()
    more = [option for option in more if option != "--"]

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        rows = [one_seed(arguments.data, seed, more, place) for seed in arguments.seeds]
        model = str(place / f"seed-{arguments.seeds[0]}")
        record = json.loads((Path(model) / "config.json").read_text())
        speed = texts_a_second(model, arguments.data, arguments.speed) if arguments.speed else {}
    name = arguments.name or arguments.data
    result = {
        "command": f"seqtasks sentiment train --data {name} --seed S {' '.join(more)}".strip(),
        "machine": f"{os.cpu_count()} CPU cores, {platform.machine()}",
        "versions": record["versions"],
        "config": record["config"],
        "mean_accuracy": {
            split: round(statistics.mean(row[split]["accuracy"] for row in rows), 4)
            for split in ("dev", "test")
        },
        **speed,
        "seeds": rows,
    }
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({"mean_accuracy": result["mean_accuracy"], **speed}))


if __name__ == "__main__":
    main()
