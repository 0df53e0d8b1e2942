"""CSV and TSV files: a row a text, in one column the text, in another its label.

    sentence,label                    good film<tab>1
    "slow, but I loved it",positive   dull<tab>0

- A column is chosen by its header, in any case, or by its number, counted from 1; a name of digits
  alone is a number.
- The first row is a header when it has a chosen name; or else one of `TEXT_NAMES` and one of
  `LABEL_NAMES`, which are also what is read where nothing is chosen. Without a header, columns go
  by number, and of two columns one number settles both.
- Every row has as many columns as the first. Blank lines are skipped.
- CSV: a field in double quotes may hold commas and line ends, and a quote doubled. The line of a
  row is the one it begins in.
- TSV (by the suffix): a line is a row. Texts as in GLUE's SST-2 have single quotation marks in
  them that close nothing, so a quote is a character like others; only where it opens and closes
  the whole field, and all within are doubled, as pandas and spreadsheets write them, does it go.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.examples import LabelledText
from seqtasks.datasets.labelled_rows import LONGEST, labelled_texts, read_checked_lines

# The names that data sets give to the two columns, in any case; the first found is taken.
TEXT_NAMES = ("text", "sentence", "review", "content", "comment")
LABEL_NAMES = ("label", "sentiment", "class", "target", "rating")

Row = tuple[int, list[str]]  # the line it begins in, its fields


class UnlabelledError(DataError):
    """A header that names a text and no label, as that of GLUE's test files."""


class _Columns(NamedTuple):
    """The columns of text and label, counted from 0, and whether the first row names them."""

    text: int
    label: int
    header: bool


def read_delimited(
    path: Path,
    text_column: str | None = None,
    label_column: str | None = None,
    empty: list[int] | None = None,
) -> Iterator[LabelledText]:
    """Yields the texts of a CSV or TSV file; those without text are left out.

    Args:
        path: a suffix of .tsv says that tabs separate the columns, any other that commas do.
        text_column: header or number of the column of texts; None looks for `TEXT_NAMES`.
        label_column: of the labels; None looks for `LABEL_NAMES`.
        empty: receives the lines of the rows that are left out.

    Raises:
        DataError: with file, line and mend, for columns that are missing, for a row with a number
            of columns of its own, for quotes that do not close, and for whatever
            `labelled_rows` refuses.
    """
    yield from labelled_texts(path, _select(path, text_column, label_column), empty)


def open_table(
    path: Path, text_column: str | None = None
) -> tuple[list[str], int, Iterator[list[str]]]:
    """Reads a CSV or TSV file whose texts have no labels yet.

    Returns:
        The header, which is the columns' numbers where the file has none (no chosen name, and none
        of `TEXT_NAMES` or `LABEL_NAMES` in the first row); the place of the column of texts,
        counted from 0; the other rows whole, those without text too.

    Args:
        path: as for `read_delimited`.
        text_column: header or number of the column of texts; None looks for `TEXT_NAMES`.

    Raises:
        DataError: as `read_delimited`, and for a table without rows; before the first row is given.
    """
    rows = _rows(path)
    if not rows:
        raise DataError(path, "expected a table, got no row", "check that it is the right file")
    line, fields = rows[0]
    names = [field.strip().casefold() for field in fields]
    usual = _first_of(TEXT_NAMES, names)
    chosen = _chosen(path, rows[0], text_column)
    place = usual if chosen is None else chosen
    if place is None:
        raise DataError(
            path,
            f"expected a column of texts ({', '.join(TEXT_NAMES)}), got {_listed(fields)}",
            "choose it with --text-column, by name or by number",
            line=line,
        )
    named = text_column is not None and not text_column.strip().isdecimal()
    if named or usual is not None or _first_of(LABEL_NAMES, names) is not None:
        return fields, place, (fields for _, fields in rows[1:])
    return [str(n + 1) for n in range(len(fields))], place, (fields for _, fields in rows)


def _rows(path: Path) -> list[Row]:
    """The rows of a file, all with as many columns as the first."""
    lines = read_checked_lines(path)
    tab = path.suffix.lower() == ".tsv"
    rows = _tsv_rows(lines) if tab else _csv_rows(path, lines)
    for line, fields in rows:
        if len(fields) != len(rows[0][1]):
            raise DataError(
                path,
                f"expected {len(rows[0][1])} columns as in line {rows[0][0]}, got {len(fields)}",
                "put one tab between columns, and none into a text"
                if tab
                else "put a text that has a comma in it between double quotes",
                line=line,
            )
    return rows


def _csv_rows(path: Path, lines: list[str]) -> list[Row]:
    rows = []
    begin = 1
    reader = csv.reader((f"{line}\n" for line in lines), strict=True, skipinitialspace=True)
    limit = csv.field_size_limit(LONGEST)
    try:
        for fields in reader:
            if len(fields) > 1 or "".join(fields).strip():
                rows.append((begin, fields))
            begin = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            path,
            f"expected a row of CSV, got what cannot be read as one ({error})",
            'close each quote, and write " as "" between quotes',
            line=begin,
        ) from None
    finally:
        csv.field_size_limit(limit)
    return rows


def _tsv_rows(lines: list[str]) -> list[Row]:
    return [
        (number, [_unquote(field) for field in line.split("\t")])
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]


def _unquote(field: str) -> str:
    """A field without the quotes around the whole of it, where it has them."""
    inner = field[1:-1].replace('""', "")
    if len(field) > 1 and field[0] == field[-1] == '"' and '"' not in inner:
        return field[1:-1].replace('""', '"')
    return field


def _select(
    path: Path, text_column: str | None, label_column: str | None
) -> Iterator[tuple[int, str, str]]:
    """Yields line, text and label of each row behind the header."""
    rows = _rows(path)
    if not rows:
        return
    columns = _find_columns(path, rows[0], text_column, label_column)
    for line, fields in rows[columns.header :]:
        yield line, fields[columns.text], fields[columns.label]


def _find_columns(
    path: Path, row: Row, text_column: str | None, label_column: str | None
) -> _Columns:
    """Finds the columns by the first row, and whether it is a header."""
    line, fields = row
    names = [field.strip().casefold() for field in fields]
    usual_text, usual_label = _first_of(TEXT_NAMES, names), _first_of(LABEL_NAMES, names)
    text = _chosen(path, row, text_column)
    label = _chosen(path, row, label_column)
    header = (usual_text is not None and usual_label is not None) or any(
        column is not None and not column.strip().isdecimal()
        for column in (text_column, label_column)
    )
    if header:
        text = usual_text if text is None else text
        label = usual_label if label is None else label
    elif len(fields) == 2:  # the one that is not chosen is the other
        text = 1 - label if text is None and label is not None else text
        label = 1 - text if label is None and text is not None else label
    if text is None or label is None:
        shown = _listed(fields)
        if usual_text is not None and usual_label is None and label_column is None:
            raise UnlabelledError(
                path,
                f"expected a column of labels ({', '.join(LABEL_NAMES)}), got {shown}",
                "name it with --label-column",
                line=line,
            )
        raise DataError(
            path,
            f"expected a header with a text ({', '.join(TEXT_NAMES)}) and a label "
            f"({', '.join(LABEL_NAMES)}), got {shown}",
            "choose the columns with --text-column and --label-column, by name or by number",
            line=line,
        )
    if text == label:
        raise DataError(
            path,
            f"expected two columns, got column {text + 1} both as text and as label",
            "choose another one with --text-column or --label-column",
            line=line,
        )
    return _Columns(text, label, header)


def _first_of(usual: tuple[str, ...], names: list[str]) -> int | None:
    return next((names.index(name) for name in usual if name in names), None)


def _chosen(path: Path, row: Row, column: str | None) -> int | None:
    """The place of a chosen column, counted from 0; None where none is chosen."""
    if column is None:
        return None
    line, fields = row
    name = column.strip().casefold()
    names = [field.strip().casefold() for field in fields]
    if name.isdecimal() and len(name) < 10 and 1 <= int(name) <= len(fields):
        return int(name) - 1
    if not name.isdecimal() and name in names:
        return names.index(name)
    raise DataError(
        path,
        f"expected a column {column.strip()[:40]!r}, got {_listed(fields)}",
        "choose one of these, by name or by number",
        line=line,
    )


def _listed(fields: list[str]) -> str:
    """The columns that there are, each shortened, eight at most."""
    shown = [field if len(field) <= 30 else f"{field[:29]}…" for field in fields[:8]]
    kind = "column" if len(fields) == 1 else "columns"
    more = ", …" if len(fields) > 8 else ""
    return f"{len(fields)} {kind}: {', '.join(map(repr, shown))}{more}"
