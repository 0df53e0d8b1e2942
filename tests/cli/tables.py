"""Tables as files and as text."""

import csv
import io


def write_table(path, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def read_table(text):
    return list(csv.reader(io.StringIO(text)))
