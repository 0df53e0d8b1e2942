"""Seconds of a new piece of 64 bars, the model loaded and the graph traced.

python benchmarks/music_speed.py --model runs/music --json benchmarks/results/music_speed.json
"""

import argparse
import json
import os
import platform
import statistics
import time
from pathlib import Path

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=Path("runs/music"))
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--json", type=Path, required=True, help="where the results go")
    arguments = parser.parse_args()

    from seqtasks.tasks import music

    composer = music.load(arguments.model)
    steps = 64 * composer.notation.bar
    seconds = {}
    for takes in (1, 12):
        composer.generate(16, takes=takes)
        taken = []
        for seed in range(arguments.repeats):
            start = time.monotonic()
            [piece] = composer.generate(steps, seed=seed, temperature=0.5, takes=takes)
            taken.append(time.monotonic() - start)
            assert len(piece) == steps
        seconds[f"takes_{takes}"] = round(statistics.median(taken), 3)
    result = {
        "command": "python benchmarks/music_speed.py",
        "machine": f"{os.cpu_count()} CPU cores, {platform.machine()}",
        "steps": steps,
        "seconds": seconds,
    }
    arguments.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    print(json.dumps(result))
