"""What a language model of words costs, and what one of characters, on the same text.

    python benchmarks/words_and_characters.py --data tinyshakespeare.txt --json FILE

Both are trained by `seqtasks lm train` with the same options but `--level`, and scored by
`seqtasks lm evaluate` on the same test split. Nats a character make the two comparable: −Σ ln p by
the characters of the text. They flatter the words a little, since a word that is not known counts
as <unk>, and nothing for its spelling. Seconds are those of the clock (the median of the epochs,
validation included) and, where other work is on the machine, those of the processor, of all cores,
for the whole training by its epochs.
"""

import argparse
import csv
import json
import math
import os
import platform
import resource
import statistics
import tempfile
from pathlib import Path
from typing import Any

from task_runs import call, evaluate

from seqtasks.tasks import run_directory

OPTIONS = ("--units", "128", "--layers", "1", "--epochs", "4", "--seed", "1")


def measure(level: str, data: str, model: Path) -> dict[str, Any]:
    """Train and score one of the two."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    call("lm", "train", "--data", data, "--level", level, "--model", str(model), *OPTIONS)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    with (model / "history.csv").open() as file:
        epochs = [float(row["seconds"]) for row in csv.DictReader(file)]
    weights = run_directory.load_arrays(model / run_directory.WEIGHTS)
    scores = evaluate("lm", model, "test")
    return {
        "known_tokens": len(json.loads((model / "vocabulary.json").read_text())["tokens"]),
        "weights": sum(int(array.size) for array in weights.values()),
        "epochs": len(epochs),
        "seconds_an_epoch": round(statistics.median(epochs), 1),
        "processor_seconds_an_epoch": round(processor / len(epochs), 1),
        "tokens": scores["tokens"],
        "characters": scores["characters"],
        "tokens_per_1000_characters": round(1000 * scores["tokens"] / scores["characters"], 1),
        "unknown_rate": round(scores["unknown_rate"], 4),
        "perplexity": round(scores["perplexity"], 3),
        "nats_per_character": round(scores["bits_per_char"] * math.log(2), 4),
        "ngram_order": scores["ngram_order"],
        "ngram_perplexity": round(scores["ngram_perplexity"], 3),
    }


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="pydocs", help="SOURCE, as `seqtasks lm train --data`")
    parser.add_argument("--json", type=Path, required=True, help="where the results go")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        rows = {
            level: measure(level, arguments.data, Path(place) / level) for level in ("word", "char")
        }
        versions = json.loads((Path(place) / "word" / "config.json").read_text())["versions"]
    name = Path(arguments.data).name
    result = {
        "command": f"seqtasks lm train --data {name} --level LEVEL {' '.join(OPTIONS)}",
        "machine": f"{os.cpu_count()} CPU cores, {platform.machine()}, shared with other work",
        "versions": versions,
        "levels": rows,
    }
    text = json.dumps(result, indent=1)
    arguments.json.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
