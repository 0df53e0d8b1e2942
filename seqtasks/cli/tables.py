"""Tables (CSV, TSV) whose texts are labelled and whose other columns are kept."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from seqtasks.datasets.delimited import open_table

GROUP = 1024  # rows that are worked on together


@dataclass
class Table:
    """The texts of a table, in groups, and its rows, in the order of the texts.

    `rows` holds those that have been read and not taken yet; nothing, where they are not kept.
    """

    header: list[str]
    groups: Iterator[list[str]]
    rows: deque[list[str]] = field(default_factory=deque)


def table_groups(path: Path, text_column: str | None, keep: bool) -> Table:
    """Read a table row by row; `keep` its rows, for who takes them.

    Raises DataError for what `seqtasks.datasets.delimited` refuses.
    """
    header, place, rows = open_table(path, text_column)
    table = Table(header, iter(()))

    def groups() -> Iterator[list[str]]:
        group: list[str] = []
        for row in rows:
            if keep:
                table.rows.append(row)
            group.append(row[place])
            if len(group) == GROUP:
                yield group
                group = []
        if group:
            yield group

    table.groups = groups()
    return table
