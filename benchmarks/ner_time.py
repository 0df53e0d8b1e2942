"""Seconds an epoch of the tagger's training takes with two versions of this package, in turns.

    python benchmarks/ner_time.py old/ new/ --data sample --data wnut17=mydata/ --json results.json

Each argument is a checkout. Two epochs a run; the second counts, since the first also traces.
"""

import argparse
import csv
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

COMMAND = [sys.executable, "-c", "from seqtasks.cli import main; main()", "ner", "train"]


def second_epoch(checkout: Path, data: str) -> float:
    """Seconds, validation included."""
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "run"
        subprocess.run(
            [*COMMAND, "--data", data, "--epochs", "2", "--model", str(model)],
            env={**os.environ, "PYTHONPATH": str(checkout)},
            cwd=folder,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        with (model / "history.csv").open() as file:
            return float([*csv.DictReader(file)][1]["seconds"])


def main() -> None:
    """Parse, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path, nargs=2, help="before and after")
    parser.add_argument("--data", action="append", required=True, help="SOURCE or NAME=SOURCE")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, required=True)
    arguments = parser.parse_args()
    rows = []
    for given in arguments.data:
        name, _, source = given.rpartition("=")
        times: dict[str, list[float]] = {"before": [], "after": []}
        for _ in range(arguments.rounds):
            for when, checkout in zip(times, arguments.checkout, strict=True):
                times[when].append(second_epoch(checkout.resolve(), source))
        row = {f"{when}_seconds": round(statistics.median(t), 2) for when, t in times.items()}
        row["before_by_after"] = round(row["before_seconds"] / row["after_seconds"], 2)
        rows.append({"data": name or source, **row, "all": times})
        print(rows[-1])
    record = {
        "command": "python benchmarks/ner_time.py BEFORE AFTER, defaults but --epochs 2",
        "machine": f"{os.cpu_count()} CPU cores, {platform.machine()}",
        "rounds": arguments.rounds,
        "rows": rows,
    }
    arguments.json.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
