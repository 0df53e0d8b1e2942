"""Throughput of exported models against that of their run directories, in one process, in turn.

python benchmarks/serving.py --runs runs --json benchmarks/results/serving.json

A run that is not there is trained for one epoch of the task's default data and shape: how long an
answer takes does not depend on what the weights have learnt. The export is called as TensorFlow
Serving calls it, by its signature; the run by the task's Python interface, which makes Python
objects of what the graph gives.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from task_runs import call

BATCHES = (1, 64)
AT_ONCE = 16  # calls that are timed together, of a batch of one
TOKENS, STEPS = 20, 64  # of a text that is generated, and of a piece
Pair = tuple[Callable[[], object], Callable[[], object]]


def texts_of(run: Path, size: int) -> list[list[str]]:
    """Batches of the run's own validation texts."""
    texts = json.loads((run / "examples.json").read_text("utf-8"))
    texts = [text if isinstance(text, str) else " ".join(text) for text in texts]
    calls = AT_ONCE if size == 1 else 1
    texts = [texts[i % len(texts)] for i in range(calls * size)]
    return [texts[i : i + size] for i in range(0, len(texts), size)]


def reading(answer: Callable[..., Any], run: Path, signature: Any, size: int) -> Pair:
    """Texts in, answers out, by the run and by the export."""
    import tensorflow as tf

    batches = texts_of(run, size)

    def of_run() -> None:
        for batch in batches:
            list(answer(batch))

    def of_export() -> None:
        for batch in batches:
            {name: x.numpy() for name, x in signature(text=tf.constant(batch)).items()}

    return of_run, of_export


def writing_text(model: Any, signature: Any, size: int) -> Pair:
    """New texts of up to TOKENS tokens."""
    import tensorflow as tf

    settings = {"max_tokens": TOKENS, "top_k": 0, "seed": 1, "temperature": 1.0, "top_p": 1.0}
    given = {name: tf.constant(value) for name, value in settings.items()}
    same = {name: value for name, value in settings.items() if name != "max_tokens"}
    prompt = tf.constant([""] * size)
    return (
        lambda: model.generate("", num=size, length=TOKENS, **same),
        lambda: signature(prompt=prompt, **given)["text"].numpy(),
    )


def writing_music(composer: Any, signature: Any, size: int) -> Pair:
    """New pieces of STEPS steps."""
    import tensorflow as tf

    settings = {"temperature": 0.5, "top_p": 1.0, "seed": 1}
    given = {name: tf.constant(value) for name, value in settings.items()}
    genre, steps = tf.zeros((size,), tf.int32), tf.constant(STEPS)
    return (
        lambda: composer.generate(STEPS, num=size, genre=0, **settings),
        lambda: signature(genre=genre, steps=steps, **given)["notes"].numpy(),
    )


def pairs_of(task: str, run: Path, signatures: Any, size: int) -> dict[str, Pair]:
    """By name, what a task does: by its run and by its export."""
    from seqtasks.tasks import lm, music, ner, sentiment

    default = signatures["serving_default"]
    if task == "ner":
        return {"ner": reading(ner.load(run).tag_texts, run, default, size)}
    if task == "sentiment":
        return {"sentiment": reading(sentiment.load(run).classify, run, default, size)}
    if task == "music":
        return {"music": writing_music(music.load(run), default, size)}
    model = lm.load(run)
    return {
        "lm score": reading(model.score, run, default, size),
        "lm generate": writing_text(model, signatures["generate"], size),
    }


def measured(pair: Pair, size: int, calls: int, repeats: int) -> dict[str, Any]:
    """Rows a second of run and export, and the median of the ratios of neighbouring repeats."""
    seconds: list[list[float]] = []
    for _ in range(repeats + 1):
        row = []
        for do in pair:
            start = time.perf_counter()
            do()
            row.append(time.perf_counter() - start)
        seconds.append(row)
    rows, seconds = size * calls, seconds[1:]  # the first ones trace
    return {
        "run_rows_a_second": round(rows / median(run for run, _ in seconds), 1),
        "export_rows_a_second": round(rows / median(export for _, export in seconds), 1),
        "export_by_run": round(median(run / export for run, export in seconds), 2),
    }


def main() -> None:
    """Train what is missing, export, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="runs, one a task")
    parser.add_argument("--tasks", nargs="+", default=["ner", "sentiment", "lm", "music"])
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--json", type=Path, required=True, help="where the results go")
    arguments = parser.parse_args()
    for task in arguments.tasks:
        if not (arguments.runs / task).exists():
            call(task, "train", "--epochs", "1", "--model", str(arguments.runs / task))

    import tensorflow as tf

    figures: dict[str, Any] = {}
    shapes = {}
    for task in arguments.tasks:
        run = arguments.runs / task
        with tempfile.TemporaryDirectory() as temporary:
            out, _ = call(task, "export", "--model", str(run), "--out", f"{temporary}/{task}")
            signatures = tf.saved_model.load(out.strip()).signatures
        config = json.loads((run / "config.json").read_text("utf-8"))["config"]
        shapes[task] = {name: config[name] for name in ("cell", "units", "layers")}
        for size in BATCHES:
            for name, pair in pairs_of(task, run, signatures, size).items():
                calls = len(texts_of(run, size)) if name in ("ner", "sentiment", "lm score") else 1
                found = measured(pair, size, calls, arguments.repeats)
                figures.setdefault(name, {})[f"batch_{size}"] = found
                print(name, size, found, flush=True)
    result = {
        "command": f"python benchmarks/serving.py --repeats {arguments.repeats}",
        "machine": f"{os.cpu_count()} CPU cores, {platform.machine()}",
        "versions": {"tensorflow": tf.__version__},
        "shapes": shapes,
        "tokens": TOKENS,
        "steps": STEPS,
        "figures": figures,
    }
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
