"""New pieces, seed by seed, judged by rules that Bach keeps: nobody selects.

    python benchmarks/music_pieces.py --model runs/music --seeds 0 19 --json FILE

Each piece is what `seqtasks music generate --seed S --format json` writes, 16 bars, drawn as that
draws where nobody says otherwise. Counted are
endings on a tonic triad in root position after a dominant, parallel fifths and octaves against
the chorales' own rate, and the longest run copied from a piece of training.
"""

import argparse
import dataclasses
import json
import platform
import tempfile
import time
from pathlib import Path

from task_runs import Row, call

from seqtasks.tasks.music.config import Drawing


def pieces_of(model: Path, first: int, last: int, out: str) -> tuple[list[Row], list[float]]:
    """What is said of the piece of each seed, and how long its command took."""
    rows, seconds = [], []
    for seed in range(first, last + 1):
        options = ("--model", str(model), "--seed", str(seed), "--out", out, "--format", "json")
        said, taken = call("music", "generate", *options)
        rows.append({"seed": seed, **json.loads(said)})
        seconds.append(taken)
    return rows, seconds


def rate(rows: list[Row]) -> float:
    """Parallels in a hundred chances, of all pieces together."""
    found = sum(row["parallel_fifths"] + row["parallel_octaves"] for row in rows)
    chances = sum(row["parallel_chances"] for row in rows)
    return 100 * found / max(chances, 1)


def bach(steps_per_beat: int) -> dict[str, float]:
    """The same of the chorales themselves, all splits."""
    from seqtasks.datasets.music import chorales
    from seqtasks.tasks.music.cadence import cadence
    from seqtasks.tasks.music.voice_leading import parallels

    pieces = [piece for split in chorales.load(steps_per_beat).values() for piece in split]
    found = [parallels(piece) for piece in pieces]
    together = sum(p.fifths + p.octaves for p in found if p)
    return {
        "pieces": len(pieces),
        "authentic": sum(cadence(piece).authentic for piece in pieces),
        "parallels_per_100": 100 * together / sum(p.chances for p in found if p),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=Path("runs/music"))
    parser.add_argument("--seeds", type=int, nargs=2, default=[0, 19], metavar=("FIRST", "LAST"))
    parser.add_argument("--json", type=Path, required=True, help="where the results go")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as out:
        begin = time.monotonic()
        rows, seconds = pieces_of(arguments.model, *arguments.seeds, out)
    record = json.loads((arguments.model / "config.json").read_text())
    theirs = bach(record["config"]["steps_per_beat"])
    result = {
        "command": "seqtasks music generate --seed S --format json",
        "machine": f"{platform.machine()}, {platform.system()}",
        "versions": record["versions"],
        "trained": record["config"],
        "drawn": dataclasses.asdict(Drawing()),
        "authentic": sum(row["ends_on_tonic"] and row["ends_after_dominant"] for row in rows),
        "pieces": len(rows),
        "parallels_per_100": round(rate(rows), 4),
        "parallels_against_bach": round(rate(rows) / theirs["parallels_per_100"], 3),
        "longest_copy_beats": max(row["copied_beats"] for row in rows),
        "seconds_of_commands": round(time.monotonic() - begin, 1),
        "bach": theirs,
        "rows": [{k: v for k, v in row.items() if k != "files"} for row in rows],
    }
    arguments.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    shown = {k: v for k, v in result.items() if k not in ("rows", "trained", "versions")}
    print(json.dumps(shown, indent=2))
