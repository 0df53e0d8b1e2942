"""What is in a run directory or an export."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from seqtasks.datasets.regular_file import read_json
from seqtasks.tasks.errors import TaskError

MOST_BYTES = 16 << 20  # of a record, and of its figures


def describe(directory: Path) -> dict[str, Any]:
    """The record of a run or of an export (also of the directory of its versions).

    Raises TaskError if it is neither.
    """
    versions = sorted(
        (p for p in directory.glob("*/seqtasks.json") if p.parent.name.isdecimal()),
        key=lambda p: int(p.parent.name),
    )
    candidates = [
        ("run", directory / "config.json"),
        ("export", directory / "seqtasks.json"),
        *(("export", path) for path in versions[-1:]),
    ]
    for kind, path in candidates:
        try:
            record = read_json(path, MOST_BYTES, "")
            found = {"kind": kind, "directory": str(path.parent), "task": record.pop("task")}
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            continue
        with suppress(OSError, ValueError):  # an export has none
            record["metrics"] = read_json(path.parent / "metrics.json", MOST_BYTES, "")
        return {**found, **record}
    raise TaskError(f"{directory}: neither a run nor an export of seqtasks; train one first")
