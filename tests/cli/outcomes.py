"""What must hold of a command that was run by click's own runner, whatever it was given."""

import json

from seqtasks.datasets.errors import DataError
from seqtasks.tasks.errors import TaskError

CONTROL = {chr(c) for c in (*range(9), *range(11, 32), *range(127, 160), 0x202E, 0x2066)}


def ended(outcome):
    """The exit code of a command that answered, or refused by an error of ours in one line."""
    error = outcome.exception
    if error is None or isinstance(error, SystemExit):
        assert outcome.exit_code in (0, 2)
        return outcome.exit_code
    assert isinstance(error, DataError | TaskError), repr(error)
    assert len(str(error).splitlines()) == 1 and not set(str(error)) & CONTROL
    return 1


def records(text):
    """JSON Lines, of JSON as its standard has it: no NaN, no infinity."""
    rows = text.split("\n")
    assert rows.pop() == ""
    return [json.loads(row, parse_constant=_refuse) for row in rows]


def _refuse(name):
    raise AssertionError(f"{name} is no JSON")
