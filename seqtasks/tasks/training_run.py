"""A training from its place to its run directory: claimed, begun, gone on with, finished."""

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seqtasks.tasks import plots, run_directory
from seqtasks.tasks.errors import Interrupted, TaskError
from seqtasks.tasks.run_record import write_digests
from seqtasks.tasks.training import Fitted, write_history


class TrainingRun:
    """A run directory in the making, on which no other process works; see `claimed`.

    staging: where its files are until it is complete. checkpoint: what `training.fit` keeps.
    """

    def __init__(self, place: Path, overwrite: bool, resume: bool) -> None:
        self._place, self._overwrite, self.resume = place, overwrite, resume
        self.staging = run_directory.staging_of(place)
        self.checkpoint = self.staging / "checkpoints" / "last.npz"
        self.begun = resume  # whether it can be gone on with

    def record(
        self, record: dict[str, Any], given: dict[str, Any], say: Callable[[str], None]
    ) -> dict[str, Any]:
        """What `config.json` is to say: of a training that is gone on with, what it said first.

        given: the settings as the user gave them; what is None in them may be as it was begun with.
        Raises TaskError if that was begun with other data or other versions.
        """
        if not self.resume:
            return record
        old = run_directory.same_as_begun(self.staging, record)
        begun = old.get("config")
        if isinstance(begun, dict):
            asked = {name: value for name, value in given.items() if value is not None}
            other = [name for name, value in asked.items() if begun.get(name) != value]
            settings = ", ".join(f"{name} {json.dumps(begun.get(name))}" for name in other)
            if settings:
                say(f"it goes on with the settings that it was begun with: {settings}")
        if old.get("machine") != record["machine"]:
            say("begun on another machine: sums may differ from its own in the last bits")
        return old

    def begin(self, record: dict[str, Any]) -> None:
        """Make the staging directory; from here on the training can be gone on with."""
        run_directory.open_staging(self._place, self._overwrite, self.resume)
        self.checkpoint.parent.mkdir(exist_ok=True)
        if not self.resume:
            run_directory.write_json(self.staging / run_directory.CONFIG, record)
        self.begun = True

    def finish(self, network: Any, fitted: Fitted, shown: str, metrics: dict[str, Any]) -> None:
        """Write what every task's run has, and put the run in its place.

        shown: the figure of the history that the picture of the training shows.
        Raises FloatingPointError, when all is in place, if the training ended before its time.
        """
        best = max(fitted.history, key=lambda row: row["score"])
        weights = run_directory.weights_of(network)
        run_directory.save_arrays(self.staging / run_directory.WEIGHTS, weights)
        write_history(self.staging / "history.csv", fitted.history)
        plots.curves(self.staging / "curves.png", fitted.history, shown, best["epoch"])
        metrics = {**metrics, "best_epoch": best["epoch"]}
        run_directory.write_json(self.staging / "metrics.json", metrics)
        write_digests(self.staging)
        run_directory.commit(self.staging, self._place)
        # last, so that a process that dies before it is done has not lost its training
        shutil.rmtree(self._place / "checkpoints", ignore_errors=True)
        if fitted.problem:
            raise FloatingPointError(
                f"{fitted.problem}; the weights of epoch {best['epoch']}, the best before it, are "
                f"in {self._place}"
            )


@contextmanager
def claimed(place: Path, overwrite: bool, resume: bool) -> Iterator[TrainingRun]:
    """A training at `place`, which is checked, and locked while the training runs.

    overwrite: replace a run, or an unfinished one, that is there.
    resume: go on with an unfinished one.
    Raises TaskError if a run or anything else is in the way, if another process trains there, and
    if what it writes cannot be written; Interrupted, which says whether the training can be gone on
    with, for a KeyboardInterrupt.
    """
    run_directory.check_place(place, overwrite, resume)
    run = TrainingRun(place, overwrite, resume)
    with run_directory.locked(place):
        run_directory.check_place(place, overwrite, resume)  # again: now nobody changes it
        try:
            yield run
        except KeyboardInterrupt as stop:
            number = stop.number if isinstance(stop, Interrupted) else signal.SIGINT
            left = run.begun and os.path.exists(run.staging / run_directory.CONFIG)
            raise Interrupted(str(stop) or "interrupted", number, left) from None
        except (OSError, TaskError) as error:
            cause = error if isinstance(error, OSError) else error.__cause__
            if not run.begun or not isinstance(cause, OSError) or not _is_of(run, cause):
                raise
            raise TaskError(f"{run.staging}: {_what_is_left(run, cause)}") from error


def _is_of(run: TrainingRun, error: OSError) -> bool:
    """Whether it is of what the training writes; that of a write names no file."""
    if not isinstance(error.filename, str):
        return True
    return Path(os.path.abspath(error.filename)).is_relative_to(os.path.abspath(run.staging.parent))


def _what_is_left(run: TrainingRun, error: OSError) -> str:
    if not run.staging.exists():
        return "was removed while the training ran; begin it anew"
    problem = f"cannot be written: {(error.strerror or str(error)).lower()}"
    return f"{problem}; mend that, and the same command with --resume goes on"
