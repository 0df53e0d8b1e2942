"""Options that commands share, and those made from the settings of a task."""

import dataclasses
import functools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from seqtasks.tasks.settings import LARGEST, kind, read_settings

PLACES = {"embeddings": "FILE", "init_from": "DIR"}  # settings that name one

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def data(default: str | None = "sample", help: str = "", with_dir: bool = True) -> Decorator:
    """`--data SOURCE` and, for a task that TensorFlow Datasets has data for, `--data-dir DIR`."""
    about = help or (
        "`sample` (comes with seqtasks), another name from `seqtasks datasets list`, "
        "tfds:NAME[/CONFIG], a file, or a directory with train.*, dev.* and test.*"
    )

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        if with_dir:
            function = data_dir()(function)
        return click.option(
            "--data", "source", default=default, show_default=True, metavar="SOURCE", help=about
        )(function)

    return decorate


def data_dir() -> Decorator:
    """`--data-dir DIR`."""
    return click.option(
        "--data-dir",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Where TensorFlow Datasets keeps its files.",
    )


def columns(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--text-column` and `--label-column`, of tables with labelled texts."""
    for name in ("label", "text"):
        function = click.option(
            f"--{name}-column",
            metavar="NAME",
            help=f"Of CSV and TSV: where the {name} is; a name of the header or a number from 1.",
        )(function)
    return function


def model(task: str) -> Decorator:
    """`--model DIR`, the run directory."""
    return click.option(
        "--model",
        type=click.Path(path_type=Path),
        default=Path("runs") / task,
        show_default=True,
        metavar="DIR",
        help="The run directory.",
    )


def threads() -> Decorator:
    """`--threads N` for commands that do not train."""
    return click.option(
        "--threads", type=click.IntRange(min=1), help="Processor threads.  [default: all cores]"
    )


def overwrite_or_resume() -> Decorator:
    """`--overwrite` and `--resume`; both together are a usage error."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def with_one(overwrite: bool, resume: bool, **arguments: Any) -> Any:
            if overwrite and resume:
                raise click.UsageError(
                    "--overwrite starts anew and --resume goes on: give one of them"
                )
            return function(overwrite=overwrite, resume=resume, **arguments)

        decorated: Callable[..., Any] = click.option(
            "--resume", is_flag=True, help="Go on with a training that was interrupted."
        )(with_one)
        return click.option("--overwrite", is_flag=True, help="Replace a run that is there.")(
            decorated
        )

    return decorate


def split() -> Decorator:
    """`--split NAME`, of the data that are scored."""
    return click.option(
        "--split", type=click.Choice(["train", "dev", "test"]), help="Which part.  [default: test]"
    )


def as_json() -> Decorator:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def errors() -> Decorator:
    """`--errors FILE`; `write_errors` writes it."""
    return click.option(
        "--errors",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Write what went wrong there.",
    )


def input_file(help: str) -> Decorator:
    """`--input FILE`, given to the function as `file`."""
    return click.option(
        "--input", "file", type=click.Path(path_type=Path), metavar="FILE", help=help
    )


def answers(help: str, *more: str) -> Decorator:
    """`--format text|json`, and `more` ways, given to the function as `format_`."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(["text", "json", *more]),
        default="text",
        show_default=True,
        help=help,
    )


def temperature(zero: str, default: float | None = None, shown: str = "") -> Decorator:
    """`--temperature T`. zero: what 0 does. shown: the default, where None stands for one."""
    return click.option(
        "--temperature",
        type=click.FloatRange(0, 100),
        default=default,
        show_default=default is not None,
        callback=finite,
        help=f"Below 1 the probable becomes more so; 0{zero}." + _default(shown),
    )


def top_p(of: str, default: float | None = None, shown: str = "") -> Decorator:
    """`--top-p P`. of: what is drawn among. shown: the default, where None stands for one."""
    return click.option(
        "--top-p",
        type=click.FloatRange(0, 1, min_open=True),
        default=default,
        show_default=default is not None,
        callback=finite,
        help=f"Draw among the fewest {of} that have so much of the probability." + _default(shown),
    )


def seed() -> Decorator:
    """`--seed N`, of what is drawn."""
    return click.option(
        "--seed",
        type=click.IntRange(0, LARGEST),
        default=1,
        show_default=True,
        help="Of chance: the same seed draws the same.",
    )


def _default(shown: str) -> str:
    return f"  [default: {shown}]" if shown else ""


def out(task: str) -> Decorator:
    """`--out DIR`, of exports."""
    return click.option(
        "--out",
        type=click.Path(path_type=Path),
        default=Path("exports") / task,
        show_default=True,
        metavar="DIR",
        help="Where; each export is the next version in it.",
    )


def finite(_: click.Context, option: click.Parameter, value: float | None) -> float | None:
    """The value of an option, unless it is no number, which no range refuses; a callback."""
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"expected a finite number, got {value}", param=option)
    return value


def settings(config_class: type) -> Decorator:
    """An option for each field of a settings dataclass, and `--config FILE`.

    The function is given `config`, the settings: defaults, then the file's, then the options'.
    """
    fields = dataclasses.fields(config_class)

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def with_config(config_file: Path | None, **arguments: Any) -> Any:
            given = {f.name: arguments.pop(f.name) for f in fields}
            _refuse_contradictions(given)
            chosen = {name: value for name, value in given.items() if value is not None}
            read = read_settings(config_file, config_class) if config_file else {}
            return function(config=config_class(**{**read, **chosen}), **arguments)

        decorated: Callable[..., Any] = with_config
        for field in reversed(fields):
            decorated = _option(field)(decorated)
        return click.option(
            "--config",
            "config_file",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Settings in JSON or TOML, named as the options are; options win.",
        )(decorated)

    return decorate


def _option(field: dataclasses.Field) -> Decorator:
    """The option of a field; not given, it is None."""
    name, meta, type_ = field.name.replace("_", "-"), field.metadata, kind(field)
    shown = meta["automatic"] or ("none" if field.default is None else _text(field.default))
    help_ = f"{meta['help'][0].upper()}{meta['help'][1:]}.  [default: {shown}]"
    if type_ is bool:
        return click.option(f"--{name}/--no-{name}", default=None, help=help_)
    limits = {"min": meta["minimum"], "max": meta["maximum"]}
    if meta["choices"]:
        wanted: click.ParamType = click.Choice(meta["choices"])
    elif type_ is int:
        wanted = click.IntRange(**limits)
    elif type_ is float:
        wanted = click.FloatRange(**limits)
    else:
        wanted = click.STRING
    metavar = PLACES.get(field.name)
    return click.option(f"--{name}", type=wanted, default=None, metavar=metavar, help=help_)


def _text(default: Any) -> str:
    if isinstance(default, bool):
        return "yes" if default else "no"
    return str(default)


def _refuse_contradictions(given: dict[str, Any]) -> None:
    """A usage error for options that contradict each other on the same command line."""
    cell = given.get("cell")
    for option, needed in (("peephole", "lstm"), ("relevance_gate", "gru")):
        if given.get(option) is not None and cell not in (None, needed):
            shown = f"--{option.replace('_', '-')}"
            raise click.UsageError(f"{shown} belongs to --cell {needed}, got --cell {cell}")
    if given.get("embeddings") is not None and given.get("init_from") is not None:
        raise click.UsageError(
            "--embeddings and --init-from both bring the words' vectors: give one of them"
        )
    if given.get("pairs") and given.get("evidence") is False:
        raise click.UsageError("--pairs are part of the evidence, got --no-evidence")
