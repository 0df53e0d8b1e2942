"""The run directory: what training leaves behind, written so that nothing is ever half there.

A run is written in a staging directory beside its place (`runs/.ner.partial` for `runs/ner`) and
renamed into it when complete. A run that was there before is moved aside first (`.ner.old`) and
removed last; if the process dies between the two renames, the next opening moves it back. While a
training runs, it holds a lock (`.ner.lock`).
"""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from seqtasks.datasets.array_archive import read_archive
from seqtasks.datasets.errors import DataError
from seqtasks.datasets.regular_file import read_json
from seqtasks.tasks import run_lock
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.whole_files import flush, whole_file

MOST_BYTES = 4 << 20  # of a configuration
CONFIG = "config.json"
WEIGHTS = "weights.npz"


def check_place(place: Path, overwrite: bool, resume: bool) -> None:
    """Whether `open_staging` would do its work; nothing is made or removed for it yet.

    Raises TaskError if a run, an unfinished run or anything else is in the way.
    """
    try:
        _recover(place)
        real = Path(os.path.realpath(place))
        if Path.cwd().is_relative_to(real) or os.path.ismount(real):
            raise TaskError(
                f"{place}: the directory at work in, or one mounted there, which no run can "
                "replace; name one within it with --model"
            )
        there = next(parent for parent in real.parents if parent.exists())
        unfinished = (staging_of(place) / CONFIG).exists()
    except OSError as error:
        raise TaskError(f"{place}: {error.strerror}; choose another place with --model") from None
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise TaskError(f"{there}: cannot be written in; choose another place with --model")
    if os.path.lexists(real):
        # who began a training over a run meant to replace it, and may go on
        _check_replaceable(place, overwrite or (resume and unfinished))
    if unfinished and not resume and not overwrite:
        raise TaskError(
            f"{staging_of(place)}: a training that has not finished; "
            "--resume goes on with it, --overwrite starts anew"
        )
    if resume and not unfinished:
        raise TaskError(f"{place}: no unfinished training to resume; leave out --resume")


def staging_of(place: Path) -> Path:
    """The directory in which a run for `place` is written."""
    return _beside(place, "partial")


@contextmanager
def locked(place: Path) -> Iterator[None]:
    """Keep other trainings from `place`.

    Raises TaskError if one is at work there, or if the place cannot be written in.
    """
    above = Path(os.path.realpath(place)).parent
    made = [parent for parent in (above, *above.parents) if not parent.exists()]
    try:
        above.mkdir(parents=True, exist_ok=True)
        with run_lock.only_one(place, _beside(place, "lock")):
            yield
    except OSError as error:
        if error.filename != str(_beside(place, "lock")):
            raise
        reason = (error.strerror or str(error)).lower()
        raise TaskError(
            f"{above}: cannot be written in: {reason}; choose another place with --model"
        ) from None
    finally:
        with suppress(OSError):  # nothing was left there
            for parent in made:
                parent.rmdir()


def open_staging(place: Path, overwrite: bool, resume: bool) -> Path:
    """The directory to write a new run in, made if it is not there.

    Raises TaskError if a run, an unfinished run or anything else is in the way.
    """
    check_place(place, overwrite, resume)
    staging, old = staging_of(place), _beside(place, "old")
    if old.exists():
        raise TaskError(f"{old}: an earlier run that could not be removed; remove it")
    if resume:
        return staging
    try:
        if staging.exists():  # to be overwritten, or it died before it had a configuration
            shutil.rmtree(staging)
        staging.mkdir(parents=True)
    except OSError as error:
        raise TaskError(f"{staging}: {error.strerror}; choose another place with --model") from None
    return staging


def commit(staging: Path, place: Path) -> None:
    """Put a complete run, flushed to the disk, in its place; of an earlier one nothing is left."""
    for path in (*staging.rglob("*"), staging):
        flush(path)
    place, old = _real(place), _beside(place, "old")
    if place.exists():
        os.rename(place, old)
    os.rename(staging, place)
    flush(place.parent)
    shutil.rmtree(old, ignore_errors=True)


def read_config(
    place: Path, task: str, option: str = "--model", also: str | None = None
) -> dict[str, Any]:
    """`config.json` of the run at `place`, which `option` of a command names.

    also: another task, a run of which will do.
    Raises TaskError if there is no run, or one of another task.
    """
    _recover(place)
    ways = " or ".join(f"seqtasks {name} train" for name in (task, also) if name)
    advice = f"train one with: {ways}, or name its place with {option}"
    if not place.exists():
        raise TaskError(f"{place}: no such directory; {advice}")
    path = place / CONFIG
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        raise TaskError(f"{place}: not a run directory, it has no {CONFIG}; {advice}") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise TaskError(f"{path}: {reason}; check who may use it") from None
    try:
        record = _record_of(path)
    except DataError as error:
        raise TaskError(
            f"{path}: not the configuration of a run; {advice} ({error.problem})"
        ) from None
    if record["task"] not in (task, also):
        wanted = f"{task} or {also}" if also else task
        raise TaskError(f"{place}: a run of the task {record['task'][:20]}, not {wanted}; {advice}")
    return record


def same_as_begun(staging: Path, record: dict[str, Any]) -> dict[str, Any]:
    """The record of the unfinished run.

    Raises TaskError if `record` is of other data or versions.
    """
    old = read_config(staging, record["task"])
    for part in ("data", "versions"):
        if old.get(part) != record[part]:
            raise TaskError(
                f"{staging}: was begun with other {part}: {old.get(part)}, now {record[part]}; "
                "--overwrite starts anew"
            )
    return old


def write_json(path: Path, record: Any) -> None:
    """Write JSON for people, whole or not at all."""
    text = json.dumps(record, indent=2, ensure_ascii=False)
    with whole_file(path, parents=False) as part:
        # half of a surrogate pair, of a name that is no UTF-8, is written as JSON escapes it
        part.write_text(text, "utf-8", "backslashreplace")


def save_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write named arrays (.npz), whole or not at all."""
    with whole_file(path, parents=False) as part, part.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """What `save_arrays` wrote; no code in the file is run, no more memory taken than it is large.

    Raises TaskError for a file that is missing, damaged, or made by something else.
    """
    try:
        return read_archive(path, "train the model anew")
    except DataError as error:
        raise TaskError(str(error)) from None


def weights_of(network: Any) -> dict[str, np.ndarray]:
    """The weights of a Keras model by their paths; the states of random generators left out."""
    return {v.path: v.numpy() for v in network.variables if "seed_generator" not in v.path}


def set_weights(network: Any, arrays: dict[str, np.ndarray], path: Path) -> None:
    """Give a built Keras model the weights that `weights_of` took.

    Raises TaskError if they do not fit it.
    """
    for variable in network.variables:
        if "seed_generator" in variable.path:
            continue
        value = arrays.get(variable.path)
        wanted = (tuple(variable.shape), variable.dtype)
        if value is None or (value.shape, str(value.dtype)) != wanted:
            raise TaskError(
                f"{path}: {variable.path} is missing or of another shape or type; "
                "train the model anew"
            )
        variable.assign(value)


def _record_of(path: Path) -> dict[str, Any]:
    """The configuration of a run; DataError for any other file of that name, as many have one."""
    record: Any = read_json(path, MOST_BYTES, "")
    if not isinstance(record, dict) or not isinstance(record.get("task"), str):
        raise DataError(path, "it names no task", "")
    return record


def _check_replaceable(place: Path, overwrite: bool) -> None:
    empty = place.is_dir() and not any(place.iterdir())
    if not empty:
        try:
            _record_of(place / CONFIG)
        except DataError:
            raise TaskError(
                f"{place}: there is something else than a run; choose another --model"
            ) from None
    if not empty and not overwrite:
        raise TaskError(
            f"{place}: a run is there already; --overwrite replaces it, --model names another place"
        )


def _recover(place: Path) -> None:
    """Mend what a process that died in `commit` left; wait for one that is in it."""
    old, lock = _beside(place, "old"), _beside(place, "lock")
    for _ in range(50):
        if place.exists() or not old.exists() or not run_lock.held(lock):
            break
        time.sleep(0.02)
    if not old.exists() or run_lock.held(lock):  # who holds it goes on with it
        return
    if place.exists():
        shutil.rmtree(old, ignore_errors=True)
    else:
        with suppress(FileNotFoundError):  # another process was quicker
            os.rename(old, _real(place))


def _beside(place: Path, what: str) -> Path:
    real = _real(place)
    return real.parent / f".{real.name}.{what}"


def _real(place: Path) -> Path:
    """The directory that a link stands for, since a rename would replace the link."""
    named = place.name not in ("", "..") and not place.is_symlink()
    return place if named else Path(os.path.realpath(place))
