"""Write the command reference, `docs/commands.md`, from the commands themselves.

    python docs/make_commands.py

A test compares the committed page with what this writes: run it whenever an option changes.
"""

import re
from pathlib import Path

import click

from seqtasks.cli.main import COMMANDS, seqtasks_command

PAGE = Path(__file__).with_name("commands.md")
HEAD = """\
# Commands

Every command and every option, as `--help` prints them. This page is made by
`python docs/make_commands.py`; do not edit it.

Results go to standard output, all else to standard error. Exit codes: 0; 1 with one line that says
what is wrong and what to do; 2 for a wrong command line; 129, 130 and 143 after SIGHUP, Ctrl-C and
SIGTERM.
"""


def page() -> str:
    """The whole page."""
    root = click.Context(seqtasks_command, info_name="seqtasks")
    parts = [HEAD]
    for name, about in COMMANDS.items():
        command = seqtasks_command.get_command(root, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=root)
        if isinstance(command, click.Group):
            parts.append(f"## seqtasks {name}\n\n{about}\n")
            parts += [
                section(3, child, click.Context(child, info_name=child.name, parent=context))
                for child in command.commands.values()
            ]
        else:
            parts.append(section(2, command, context))
    return "\n".join(parts)


def section(level: int, command: click.Command, context: click.Context) -> str:
    """A command: what it does, how it is called, its options, its example."""
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    lines = [f"{'#' * level} {context.command_path}", "", _text(command.help), "", f"    {usage}"]
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    records = [option.get_help_record(context) for option in options]
    rows = [record for record in records if record]
    if rows:
        lines += ["", "| option | what |", "|---|---|"]
        lines += [f"| `{_cell(names)}` | {_cell(_text(about))} |" for names, about in rows]
    if command.epilog:
        lines += ["", _text(command.epilog)]
    return "\n".join(lines) + "\n"


def _text(text: str | None) -> str:
    """Paragraphs as one line each; signs that mean something to Markdown escaped, code aside."""
    parts = re.split("(`[^`]*`)", text or "")
    parts[::2] = [re.sub(r"([*<])", r"\\\1", part) for part in parts[::2]]
    paragraphs = "".join(parts).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
