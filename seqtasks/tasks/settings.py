"""Settings of a task: a frozen dataclass whose fields say what they are and what they may be.

The dataclass is the only home of defaults. The command line makes its options from the fields,
`--config FILE` fills them, `validate` checks them, and the run directory keeps them.
"""

import dataclasses
import json
import math
import tomllib
import types
import typing
from pathlib import Path
from typing import Any

from seqtasks.tasks.errors import TaskError

LARGEST = 2**31 - 1  # of any number, where its field names no other: what an int32 holds
MOST_BYTES = 1 << 20  # of a file of settings


def setting(
    default: Any,
    help: str,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
    automatic: str = "",
) -> Any:
    """A field of a settings dataclass.

    default: its value when nothing is said; None means that it is resolved later.
    help: one line for the command line, with the unit.
    minimum, maximum: the closed range of a number.
    choices: the values a string may have.
    automatic: how None is resolved, for the command line's help.
    """
    metadata = {
        "help": help,
        "minimum": minimum,
        "maximum": maximum,
        "choices": choices,
        "automatic": automatic,
    }
    return dataclasses.field(default=default, metadata=metadata)


def kind(field: dataclasses.Field) -> type:
    """The type of a field's value, None aside: bool, int, float or str."""
    declared = field.type
    if isinstance(declared, types.UnionType):
        declared = next(t for t in typing.get_args(declared) if t is not types.NoneType)
    assert isinstance(declared, type)
    return declared


def validate(config: Any) -> None:
    """Check every field against its type, range and choices.

    Raises TaskError naming the field, what was expected and what came.
    """
    for field in dataclasses.fields(config):
        value, wanted = getattr(config, field.name), kind(field)
        if value is None and (field.default is None or field.metadata["automatic"]):
            continue
        name = f"`{field.name}`"
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        fits = number and (wanted is float or isinstance(value, int))
        if not (fits if wanted in (int, float) else isinstance(value, wanted)):
            raise TaskError(f"{name} must be {_PHRASES[wanted]}, got {_shown(value)}")
        if isinstance(value, float) and not math.isfinite(value):
            raise TaskError(f"{name} must be a finite number, got {_shown(value)}")
        least, most = field.metadata["minimum"], field.metadata["maximum"]
        if most is None and number:
            most = LARGEST
        if least is not None and value < least:
            raise TaskError(f"{name} must be at least {least}, got {_shown(value)}")
        if most is not None and value > most:
            raise TaskError(f"{name} must be at most {most}, got {_shown(value)}")
        choices = field.metadata["choices"]
        if choices and value not in choices:
            raise TaskError(f"{name} must be one of {', '.join(choices)}, got {_shown(value)}")


def with_gates(config: Any) -> Any:
    """The settings of a task with the gates of its recurrent cell filled in; others' are None.

    Raises TaskError for a gate that the cell does not have.
    """
    # a peephole that is off is off in every cell
    asked = (
        ("peephole", "lstm", config.peephole),
        ("relevance_gate", "gru", config.relevance_gate is not None),
    )
    for name, cell, there in asked:
        if there and config.cell != cell:
            raise TaskError(
                f"`{name}` belongs to the cell {cell}, got cell {config.cell}; choose cell {cell}"
            )
    return dataclasses.replace(
        config,
        relevance_gate=config.relevance_gate is not False if config.cell == "gru" else None,
        peephole=bool(config.peephole) if config.cell == "lstm" else None,
    )


def filled(config: Any, automatic: dict[str, Any]) -> Any:
    """The settings with these values where they are None."""
    given = {name: getattr(config, name) for name in automatic}
    return dataclasses.replace(
        config, **{k: automatic[k] if value is None else value for k, value in given.items()}
    )


def _shown(value: Any) -> str:
    """A value of a file for an error, its beginning where it is long."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of too many digits, tables in tables
        text = f"{type(value).__name__} too long to show"
    return text if len(text) <= 60 else f"{text[:59]}…"


_PHRASES = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}


def read_settings(path: Path, config_class: type) -> dict[str, Any]:
    """The settings in a JSON or TOML file, a flat table of field names and values.

    Raises TaskError naming the file, for a file that cannot be read and for a name or value that
    is none of the task's.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise TaskError(f"{path}: larger than {MOST_BYTES >> 20} MiB; name a file of settings")
        text = data.decode("utf-8").replace("\r\n", "\n")
        table = tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text)
    except OSError as error:
        raise TaskError(f"{path}: {error.strerror}; check the path given with --config") from None
    except (ValueError, RecursionError) as error:  # syntax, encoding, a number or nesting too long
        format_ = "TOML" if path.suffix.lower() == ".toml" else "JSON"
        raise TaskError(f"{path}: no valid {format_}: {error}") from None
    if not isinstance(table, dict):
        raise TaskError(f"{path}: expected a table of settings, got {type(table).__name__}")
    names = [field.name for field in dataclasses.fields(config_class)]
    table = {name.replace("-", "_"): value for name, value in table.items()}
    for name in table:
        if name not in names:
            listed = ", ".join(names)
            raise TaskError(f"{path}: no setting is called {name[:40]!r}; there are {listed}")
    try:
        validate(config_class(**table))
    except TaskError as error:
        raise TaskError(f"{path}: {error}") from None
    return table
