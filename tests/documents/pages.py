"""The documents, cut into the blocks of code that they show."""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = {
    str(path.relative_to(ROOT)): path
    for path in (
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
        *sorted((ROOT / "docs").glob("*.md")),
        *sorted((ROOT / "benchmarks").glob("*.md")),
    )
}
# pages with commands or Python to run
RUNNABLE = [name for name in PAGES if name == "README.md" or name.startswith("docs/")]
PYTHON = [name for name in RUNNABLE if name != "docs/serving.md"]  # whose test has real exports

# installing and testing are what CI begins with; a server needs its image
LEFT_OUT = ("python3", "/pip", "/python", "docker", "curl")
_BLOCK = re.compile(r"(?m)^```(\w+)\n(.*?)^```$", re.DOTALL)


class Block(NamedTuple):
    """A block of a page: its language, its text, and the page's line that it begins at."""

    language: str
    text: str
    line: int


class Command(NamedTuple):
    """A command line of seqtasks, and what the page shows of its output.

    stdin: the file that is piped into it, or None. shown: lines, or None where the page shows none.
    """

    words: tuple[str, ...]
    stdin: str | None
    shown: tuple[str, ...] | None


def blocks(name):
    """All fenced blocks of a page."""
    text = PAGES[name].read_text("utf-8")
    return [
        Block(match[1], match[2], text[: match.start()].count("\n") + 1)
        for match in _BLOCK.finditer(text)
    ]


def commands(block):
    """The seqtasks commands of a block of shell."""
    if block.language == "sh":
        for line in block.text.splitlines():
            for part in shlex.join(shlex.split(line, comments=True)).split(" '&&' "):
                yield from _command(part, None)
    if block.language == "console":
        for part in re.split(r"(?m)^\$ ", block.text)[1:]:
            line, *shown = part.split("\n")
            # a command of which nothing is shown is followed by the next at once
            yield from _command(line, tuple(shown[:-1]) if shown[:-1] else None)


def run_all(run, compare):
    """Run all pages, each from top to end, and the Python in them; the outputs by command.

    run: of a command, its output; one that several pages show is run once. compare: is given each
    command of which something is shown, its page and its output.
    """
    outputs = {}
    for name in RUNNABLE:
        names = {}
        for block in blocks(name):
            for command in commands(block):
                key = command.words, command.stdin
                if key not in outputs:
                    outputs[key] = run(command)
                if command.shown is not None:
                    compare(name, command, outputs[key])
            if block.language == "python" and name in PYTHON:
                exec(compile("\n" * block.line + block.text, name, "exec"), names)
    return outputs


def _command(line, shown):
    words, stdin = shlex.split(line), None
    if words[:1] == ["cat"]:
        _, stdin, pipe, *words = words
        assert pipe == "|", line
    if not words or words[0].endswith(LEFT_OUT):
        return
    assert words[0] in ("seqtasks", ".venv/bin/seqtasks"), line
    yield Command(tuple(words[1:]), stdin, shown)
