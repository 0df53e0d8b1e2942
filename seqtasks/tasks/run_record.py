"""What a run says of how it came to be, and whether it is still as training left it."""

import dataclasses
import hashlib
import json
import os
import platform
import shlex
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from seqtasks import __version__
from seqtasks.datasets.errors import DataError
from seqtasks.datasets.regular_file import read_json
from seqtasks.datasets.source import Source
from seqtasks.tasks import run_directory
from seqtasks.tasks.errors import TaskError

DIGESTS = "digests.json"
MOST_BYTES = 1 << 20  # of digests
DIGESTED = (".json", ".npz", ".bin")  # of what a run is loaded from; the rest is for people,
FOR_PEOPLE = "metrics.json"  # and so is this


def record(task: str, config: Any, data: Source[Any], **of_data: Any) -> dict[str, Any]:
    """What `config.json` says of a training that begins.

    config: the task's resolved settings. of_data: what else there is to say of the data.
    """
    return {
        "task": task,
        "config": dataclasses.asdict(config),
        "data": {"source": data.name, "fingerprint": data.fingerprint, **of_data},
        "versions": versions(),
        "machine": machine(),
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
    }


def versions() -> dict[str, str]:
    """Of all that a result may depend on."""
    packages = ("tensorflow", "keras", "numpy")
    found = {}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:  # built under another name (tensorflow-cpu)
            found[package] = __import__(package).__version__
    return {"seqtasks": __version__, "python": platform.python_version(), **found}


def machine() -> dict[str, Any]:
    """What computes: sums of floats are the same bits on the same machine only."""
    return {"system": platform.system(), "processor": processor(), "cores": os.cpu_count()}


def processor() -> str:
    """The processor's name as the system has it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def write_digests(directory: Path) -> None:
    """Note what the files of a complete run are, for `check_unchanged`."""
    files = sorted(path for path in directory.iterdir() if path.suffix in DIGESTED)
    left_out = (DIGESTS, FOR_PEOPLE)
    digests = {path.name: _digest(path) for path in files if path.name not in left_out}
    (directory / DIGESTS).write_text(json.dumps(digests, indent=2), "utf-8")


def check_unchanged(directory: Path, record: dict[str, Any]) -> None:
    """Whether the files of a run, all of which were read, are as training left them.

    record: its `config.json`, which was read first: if it is another now, files of two runs may
        have been read.
    Raises TaskError naming the first that is not.
    """
    path = directory / DIGESTS
    if not path.exists():  # a run that no training made
        return
    try:
        digests = read_json(path, MOST_BYTES, "train the model anew")
    except DataError as error:
        raise TaskError(str(error)) from None
    if not isinstance(digests, dict):
        raise TaskError(f"{path}: expected an object; train the model anew")
    for name, digest in digests.items():
        if Path(name).name != name or not (directory / name).is_file():
            raise TaskError(f"{directory / name}: missing; train the model anew")
        if _digest(directory / name) != digest:
            raise TaskError(
                f"{directory / name}: was changed since training; put the old one back, or train "
                "the model anew"
            )
    if run_directory.read_config(directory, record["task"]) != record:
        raise TaskError(f"{directory}: another run took its place meanwhile; do it again")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
