"""Writing a SavedModel, and proving in a fresh process that it does what the run does."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.run_directory import write_json

# What the fresh process runs: TensorFlow alone, and no module of ours can be imported.
_RELOAD = """
import json, sys
sys.modules["seqtasks"] = sys.modules["keras"] = None
import tensorflow as tf
directory, signature = sys.argv[1:]
call = tf.saved_model.load(directory).signatures[signature]
inputs = {name: tf.constant(value) for name, value in json.load(sys.stdin).items()}
def plain(x):
    if isinstance(x, list):
        return [plain(item) for item in x]
    return x.decode("utf-8", "replace") if isinstance(x, bytes) else x
json.dump({k: plain(v.numpy().tolist()) for k, v in call(**inputs).items()}, sys.stdout)
"""


def save(
    module: tf.Module,
    signatures: dict[str, Any],
    out: Path,
    record: dict[str, Any],
    check: Callable[[Path], object] = lambda directory: None,
) -> Path:
    """Write `module` with its signatures as the next version under `out`; its directory.

    record: what `seqtasks info` shows of it, kept beside the model.
    check: is given the directory before it gets its number. If it raises, the model is put aside
        as `out/refused`, where no server looks for a version.
    Raises TaskError if `out` cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        versions = [int(p.name) for p in out.iterdir() if p.name.isdecimal()]
        target = out / str(max(versions, default=0) + 1)
        part = out / f".{target.name}.part"
        tf.saved_model.save(module, str(part), signatures=signatures)
        write_json(part / "seqtasks.json", record)
        try:
            check(part)
        except TaskError:
            shutil.rmtree(out / "refused", ignore_errors=True)
            os.rename(part, out / "refused")
            raise
        os.rename(part, target)
    except (OSError, tf.errors.OpError) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise TaskError(f"{out}: {reason}; choose another place with --out") from None
    return target


def verify(
    directory: Path, signature: str, inputs: dict[str, list], expected: dict[str, Any]
) -> float:
    """Call a SavedModel's signature in a fresh process; the largest difference of any number.

    inputs: by name, nested lists; expected: by name, arrays.
    Raises TaskError if a string or a shape differs, if a number differs by more than 0.001, or if
    the process fails.
    """
    process = subprocess.run(
        [sys.executable, "-c", _RELOAD, str(directory), signature],
        input=json.dumps(inputs),
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=False,
    )
    if process.returncode:
        reason = (process.stderr.strip().splitlines() or ["no message"])[-1]
        raise TaskError(f"{directory}: cannot be loaded by TensorFlow alone: {reason}")
    answers = json.loads(process.stdout)
    largest = 0.0
    for name, value in expected.items():
        wanted = np.asarray(value)
        got = np.asarray(answers[name])
        if wanted.dtype.kind in "OS":
            wanted = np.vectorize(lambda x: x.decode("utf-8", "replace"), otypes=[object])(wanted)
        same_shape = got.shape == wanted.shape or got.size == wanted.size == 0
        if same_shape and wanted.dtype.kind == "f":
            difference = float(np.abs(got - wanted).max(initial=0))
            largest = max(largest, difference)
            same_shape = difference <= 1e-3
        elif same_shape:
            same_shape = bool((got == wanted).all())
        if not same_shape:
            raise TaskError(
                f"{directory}: signature {signature}: `{name}` is not what the run gives; "
                "it is put aside as `refused`"
            )
    return largest
