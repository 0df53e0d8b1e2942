"""What the benchmarks of the tasks share: a task's own commands, run and timed, once a seed."""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-c", "from seqtasks.cli import main; main()"]
Row = dict[str, Any]


def call(task: str, *arguments: str, stdin: bytes | None = None) -> tuple[str, float]:
    """Standard output and seconds of a command; its progress goes to our standard error."""
    start = time.monotonic()
    process = subprocess.run(
        [*COMMAND, task, *arguments], input=stdin, stdout=subprocess.PIPE, check=True
    )
    return process.stdout.decode(), time.monotonic() - start


def train(task: str, data: str, seed: int, more: list[str], place: Path) -> tuple[Path, Row]:
    """Train with a seed: the run, and the first figures of its row."""
    model = place / f"seed-{seed}"
    _, seconds = call(
        *(task, "train", "--data", data, "--seed", str(seed), "--model", str(model)), *more
    )
    epochs = len((model / "history.csv").read_text().splitlines()) - 1
    return model, {"seed": seed, "train_seconds": round(seconds), "epochs": epochs}


def evaluate(task: str, model: Path, split: str) -> Row:
    """What `evaluate --json` says of a split."""
    scores: Row = json.loads(
        call(task, "evaluate", "--model", str(model), "--split", split, "--json")[0]
    )
    return scores


def rate(
    task: str, model: Path, texts: list[str], times: int, count: Callable[[str], int], repeats: int
) -> int:
    """How much `predict` does a second once loaded: long against short input, start taken off.

    The long input is the short one so many times; `count` says how much a text is.
    """
    more = (times - 1) * sum(count(text) for text in texts)
    rates = []
    for _ in range(repeats):
        seconds = []
        for lines in (texts, texts * times):
            given = "\n".join(lines).encode() + b"\n"
            command = (task, "predict", "--model", str(model), "--format", "json", "-")
            out, taken = call(*command, stdin=given)
            assert len(out.splitlines()) == len(lines)
            seconds.append(taken)
        rates.append(more / (seconds[1] - seconds[0]))
    return round(statistics.median(rates))


def measure(
    task: str,
    about: str,
    score: Callable[[Path], Row],
    speed: Callable[[Path, str, int], Row],
    best: str,
) -> None:
    """Parse, measure, write.

    Args:
        task: its name on the command line.
        about: the docstring of the script.
        score: gives the figures of a run, by split and otherwise.
        speed: gives the speed of a run, given the data and how often to measure.
        best: the score of a split whose mean over the seeds stands first.
    """
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--data", required=True, help=f"SOURCE, as `seqtasks {task} train --data`")
    parser.add_argument("--name", help="what to call it in the results, instead of its path")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--speed", type=int, default=0, help="time `predict` so many times too")
    parser.add_argument("--keep", type=Path, help="an empty directory, to keep the runs there")
    parser.add_argument("--start", type=Path, help="where --keep left runs, to begin from theirs")
    parser.add_argument("--json", type=Path, required=True, help="where the results go")
    arguments, more = parser.parse_known_args()
    more = [option for option in more if option != "--"]

    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        for seed in arguments.seeds:
            start = ["--init-from", f"{arguments.start}/seed-{seed}"] if arguments.start else []
            model, row = train(task, arguments.data, seed, [*start, *more], folder)
            rows.append(row | score(model))
        first = folder / f"seed-{arguments.seeds[0]}"
        record = json.loads((first / "config.json").read_text())
        fast = speed(first, arguments.data, arguments.speed) if arguments.speed else {}
    means = {
        split: round(statistics.mean(row[split][best] for row in rows), 4)
        for split in ("dev", "test")
        if split in rows[0]
    }
    name = arguments.name or arguments.data
    if arguments.start:
        more = ["--init-from", f"{arguments.start.name}/seed-S", *more]
        record["config"]["init_from"] = f"{arguments.start.name}/seed-{arguments.seeds[0]}"
    result = {
        "command": f"seqtasks {task} train --data {name} --seed S {' '.join(more)}".strip(),
        "machine": f"{os.cpu_count()} CPU cores, {platform.machine()}",
        "versions": record["versions"],
        "config": record["config"],
        f"mean_{best}": means,
        **fast,
        "seeds": rows,
    }
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({f"mean_{best}": means, **fast}))
