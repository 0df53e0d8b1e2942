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
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from seqtasks.tasks import run_lock
from seqtasks.tasks.errors import TaskError

CONFIG = "config.json"
WEIGHTS = "weights.npz"


def check_place(place: Path, overwrite: bool, resume: bool) -> None:
    """Whether `open_staging` would do its work; nothing is made or removed yet.

    Raises TaskError if a run, an unfinished run or anything else is in the way.
    """
    try:
        _recover(place)
        there = next(parent for parent in Path(os.path.abspath(place)).parents if parent.exists())
    except OSError as error:
        raise TaskError(f"{place}: {error.strerror}; choose another place with --model") from None
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise TaskError(f"{there}: cannot be written in; choose another place with --model")
    staging = staging_of(place)
    unfinished = (staging / CONFIG).exists()
    if place.exists():
        # who began a training over a run meant to replace it, and may go on
        _check_replaceable(place, overwrite or (resume and unfinished))
    if unfinished and not resume and not overwrite:
        raise TaskError(
            f"{staging}: a training that has not finished; "
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
    above = Path(os.path.abspath(place)).parent
    made = [parent for parent in (above, *above.parents) if not parent.exists()]
    try:
        above.mkdir(parents=True, exist_ok=True)
        with run_lock.only_one(place, _beside(place, "lock")):
            yield
    except PermissionError as error:
        if error.filename != str(_beside(place, "lock")):
            raise
        raise TaskError(
            f"{above}: cannot be written in; choose another place with --model"
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
    staging = staging_of(place)
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
    """Put a complete run in its place; of an earlier run there nothing is left."""
    old = _beside(place, "old")
    if place.exists():
        os.rename(place, old)
    os.rename(staging, place)
    shutil.rmtree(old, ignore_errors=True)


def read_config(place: Path, task: str, option: str = "--model") -> dict[str, Any]:
    """`config.json` of the run at `place`, which `option` of a command names.

    Raises TaskError if there is no run, or one of another task.
    """
    _recover(place)
    advice = f"train one with: seqtasks {task} train, or name its place with {option}"
    if not place.exists():
        raise TaskError(f"{place}: no such directory; {advice}")
    try:
        record = json.loads((place / CONFIG).read_text("utf-8"))
        found = record["task"]
    except (FileNotFoundError, NotADirectoryError):
        raise TaskError(f"{place}: not a run directory, it has no {CONFIG}; {advice}") from None
    except OSError as error:
        raise TaskError(f"{place / CONFIG}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise TaskError(f"{place / CONFIG}: not the configuration of a run; {advice}") from None
    if found != task:
        raise TaskError(f"{place}: a run of the task {found}, not {task}; {advice}")
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
    _replace(path, lambda part: part.write_text(text, "utf-8"))


def save_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write named arrays (.npz), whole or not at all."""

    def write(part: Path) -> None:
        with part.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    _replace(path, write)


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read what `save_arrays` wrote; no code in the file is run.

    Raises TaskError if the file is missing or broken.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    except OSError as error:
        raise TaskError(f"{path}: {error.strerror or 'broken'}; train the model anew") from None
    except Exception:  # a broken archive raises errors of many kinds
        raise TaskError(f"{path}: broken; train the model anew") from None


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
        if value is None or value.shape != tuple(variable.shape):
            raise TaskError(
                f"{path}: {variable.path} is missing or of another shape; train the model anew"
            )
        variable.assign(value)


def _check_replaceable(place: Path, overwrite: bool) -> None:
    if not place.is_dir() or (any(place.iterdir()) and not (place / CONFIG).exists()):
        raise TaskError(f"{place}: there is something else than a run; choose another --model")
    if any(place.iterdir()) and not overwrite:
        raise TaskError(
            f"{place}: a run is there already; --overwrite replaces it, --model names another place"
        )


def _recover(place: Path) -> None:
    """Mend what a process that died in `commit` left; wait for one that is in it."""
    old = _beside(place, "old")
    for _ in range(50):
        if place.exists() or not old.exists() or not run_lock.held(_beside(place, "lock")):
            break
        time.sleep(0.02)
    if old.exists():
        if place.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            os.rename(old, place)


def _beside(place: Path, what: str) -> Path:
    absolute = Path(os.path.abspath(place))
    return place.parent / f".{absolute.name}.{what}"


def _replace(path: Path, write: Callable[[Path], Any]) -> None:
    """Let `write` write beside `path`, and put that in its place once it is on the disk."""
    part = path.with_name(path.name + ".part")
    try:
        write(part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
