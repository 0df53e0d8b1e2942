"""The figures in the README's tables are those of the results that their rows link to."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.documents.pages import PAGES, ROOT

RESULTS = re.compile(r"\((benchmarks/results/\w+\.json)\)")
FIGURE = re.compile(r"(?<![\w.])(\d+):(\d\d)(?!\d)|(?<![\w.])(\d[\d,]*(?:\.\d+)?)")
WORDS = {"data", "what", "settings", "training texts"}  # columns that say what was measured
PUBLISHED = {"5.56", "2012"}  # of others, who are named beside them


def tables(text) -> Iterator[tuple[list[str], list[list[str]]]]:
    """The heads and the rows of all tables."""
    for table in re.findall(r"(?m)(?:^\|.*\n)+", text):
        head, _, *rows = ([cell.strip() for cell in line.split("|")[1:-1]]
                          for line in table.splitlines())  # fmt: skip
        yield head, rows


def measured():
    """Rows that link to results: the row's name, its results, and its cells of figures."""
    for head, rows in tables(PAGES["README.md"].read_text("utf-8")):
        for row in rows:
            files = RESULTS.findall(" ".join(row))
            cells = [cell for name, cell in zip(head, row, strict=True) if name not in WORDS]
            if files:
                yield pytest.param(files, cells, id=row[0][:60])


def numbers(value) -> Iterator[float]:
    """All numbers in results, and those that follow from them."""
    if isinstance(value, bool):
        return
    if isinstance(value, int | float):
        yield float(value)
    elif isinstance(value, str):
        yield from map(float, re.findall(r"\d+(?:\.\d+)?", value))
    elif isinstance(value, dict):
        if "true_perplexity" in value:
            yield value["perplexity"] / value["true_perplexity"] - 1
        for key, item in value.items():
            yield from numbers(key)  # as distances have it
            yield from numbers(item)
    elif isinstance(value, list):
        for item in value:
            yield from numbers(item)


def missing(cell: str, known: list[float]) -> list[str]:
    """The figures of a cell that no known number is, as it stands, in percent or in minutes."""
    lost = []
    for minutes, seconds, figure in FIGURE.findall(re.sub(r"\]\([^)]*\)", "]", cell)):
        if minutes:
            if 60 * int(minutes) + int(seconds) not in map(round, known):
                lost.append(f"{minutes}:{seconds}")
            continue
        digits = len(figure.partition(".")[2])
        shown = float(figure.replace(",", ""))
        units = (1.0, 100.0, 1 / 60)
        near = 0.5 * 10**-digits + 1e-9
        if not any(abs(number * unit - shown) <= near for number in known for unit in units):
            lost.append(figure)
    return [figure for figure in lost if figure not in PUBLISHED]


@pytest.mark.parametrize(("files", "cells"), list(measured()))
def test_figures_are_those_of_the_results(files, cells):
    known = [n for file in files for n in numbers(json.loads((ROOT / file).read_text("utf-8")))]
    for cell in cells:
        assert missing(cell, known) == [], cell


def test_every_table_of_figures_links_to_its_results():
    for head, rows in tables(PAGES["README.md"].read_text("utf-8")):
        for row in rows if "data" in head else ():
            assert RESULTS.search(" ".join(row)), row


def test_the_samples_are_as_large_as_is_said():
    from seqtasks.datasets import sample_ner, sample_sentiment

    reviews = {split: len(texts) for split, texts in sample_sentiment.load().items()}
    assert f"hand-written test split | {reviews['train']:,} |" in PAGES["README.md"].read_text()
    assert f"The {reviews['test']} test\nreviews" in PAGES["docs/sentiment.md"].read_text()
    tests = len(sample_ner.load()["test"])
    assert f"The {tests} test sentences" in PAGES["docs/ner.md"].read_text()


def test_a_figure_that_was_not_measured_is_found():
    known = [*numbers({"mean": {"test": 0.2231}, "train_seconds": 131, "seeds": [{"seed": 1}]})]
    assert missing("**22.3** (seed 1), 2:11, 2.2 minutes, 0.223", known) == []
    assert missing("**22.4** (seed 7), 2:12, 131.5", known) == ["22.4", "7", "2:12", "131.5"]
