"""Writing a SavedModel, and proving in a fresh process that it does what the run does."""

import contextlib
import errno
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.run_directory import write_json

# What the fresh process runs: TensorFlow alone, and no module of ours can be imported.
_RELOAD = """
import json, sys
sys.modules["seqtasks"] = sys.modules["keras"] = None
import tensorflow as tf
signatures = tf.saved_model.load(sys.argv[1]).signatures
def plain(x):
    if isinstance(x, list):
        return [plain(item) for item in x]
    return x.decode("utf-8", "replace") if isinstance(x, bytes) else x
def answer(signature, inputs):
    given = {name: tf.constant(value) for name, value in inputs.items()}
    return {k: plain(v.numpy().tolist()) for k, v in signatures[signature](**given).items()}
json.dump([answer(*call) for call in json.load(sys.stdin)], sys.stdout)
"""


class Call(NamedTuple):
    """A call of a signature, and what it has to give.

    inputs: by name, nested lists. expected: by name, tensors or arrays.
    """

    signature: str
    inputs: dict[str, Any]
    expected: dict[str, Any]


def check_place(out: Path) -> None:
    """Whether `save` could write under `out`; nothing is left there.

    To be asked before the work of an export begins. Raises TaskError if it could not.
    """
    new = [place for place in (out, *out.parents) if not os.path.lexists(place)]
    try:
        os.rmdir(_staging(out))
    except OSError as error:
        raise _unwritable(out, error) from error
    finally:
        for place in new:
            with contextlib.suppress(OSError):  # it was not made
                os.rmdir(place)


def save(
    module: tf.Module,
    signatures: dict[str, Any],
    out: Path,
    record: dict[str, Any],
    calls: Sequence[Call],
) -> tuple[Path, list[float]]:
    """Write `module` with its signatures as the next version under `out`, and `verify` it.

    It is written beside its place, under a name that no server looks at, and renamed when complete.

    record: what `seqtasks info` shows of it, kept beside the model.
    calls: what is compared before it gets its number. A model that answers otherwise is put aside
        as `out/refused`, where no server looks for a version.
    Returns its directory, and each call's largest difference.
    Raises TaskError if `out` cannot be written, or if the model is refused.
    """
    try:
        part = _staging(out)
        try:
            # without the graphs of gradients, which nobody asks of a served model
            options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
            tf.saved_model.save(module, str(part), signatures=signatures, options=options)
            write_json(part / "seqtasks.json", record)
            try:
                differences = verify(part, *calls) if calls else []
            except TaskError:
                shutil.rmtree(out / "refused", ignore_errors=True)
                os.rename(part, out / "refused")
                raise
            return _numbered(part), differences
        finally:  # a failed export leaves nothing, and of a finished one there is nothing here
            shutil.rmtree(part, ignore_errors=True)
    except (OSError, tf.errors.OpError) as error:
        raise _unwritable(out, error) from error


def _staging(out: Path) -> Path:
    """A new directory within `out`, of a name of its own: two exports may run at once."""
    part = out / f".part-{secrets.token_hex(4)}"
    part.mkdir(parents=True)
    return part


def _numbered(part: Path) -> Path:
    """Rename a complete model to the next version beside it; its new place."""
    while True:
        versions = [int(p.name) for p in part.parent.iterdir() if p.name.isdecimal()]
        target = part.with_name(str(max(versions, default=0) + 1))
        try:
            os.rename(part, target)
        except OSError as error:
            # another export has just taken the number
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise
        else:
            return target


def _unwritable(out: Path, error: OSError | tf.errors.OpError) -> TaskError:
    reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
    return TaskError(f"{out}: {reason}; choose another place with --out")


def verify(directory: Path, *calls: Call) -> list[float]:
    """Call a SavedModel's signatures in a fresh process; each call's largest difference.

    Raises TaskError if a string or a shape differs, if a number differs by more than 0.001, or if
    the process fails.
    """
    process = subprocess.run(
        [sys.executable, "-c", _RELOAD, str(directory)],
        input=json.dumps([call[:2] for call in calls]),
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=False,
    )
    if process.returncode:
        reason = (process.stderr.strip().splitlines() or ["no message"])[-1]
        raise TaskError(f"{directory}: cannot be loaded by TensorFlow alone: {reason}")
    answers = json.loads(process.stdout)
    return [_difference(directory, *each) for each in zip(calls, answers, strict=True)]


def _difference(directory: Path, call: Call, answer: dict[str, Any]) -> float:
    largest = 0.0
    for name, value in call.expected.items():
        wanted = np.asarray(value)
        got = np.asarray(answer[name])
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
                f"{directory}: signature {call.signature}: `{name}` is not what the run gives; "
                "it is put aside as `refused`"
            )
    return largest
