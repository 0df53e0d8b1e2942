"""Every link and every file that the documents name is there."""

import re
from pathlib import Path

import pytest

from tests.documents.pages import PAGES, ROOT

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"(?ms)^```.*?^```$|^    .*?$")
FILE = re.compile(r"`((?:\.\./)?[\w*.-]+(?:/[\w*.-]+)*\.(?:py|md|json|toml|txt|png|cfg))`")

# names that stand for the reader's own files, for parts of a run or for what others publish
ELSEWHERE = {
    *("book.txt", "tinyshakespeare.txt", "letters.txt", "JSB_Chorales.json", "wikigold.conll.txt"),
    *("config.json", "metrics.json", "vocabulary.json", "examples.json", "seqtasks.json"),
    *("weights.npz", "pieces.bin", "history.csv", "curves.png", "digests.json", "last.npz"),
    *("confusion.png", "calibration.png", "run.py"),
}


def prose(name):
    """A page without its blocks of code."""
    return FENCED.sub("", PAGES[name].read_text("utf-8"))


def anchors(path):
    """The names by which GitHub links to the headings of a page."""
    headings = re.findall(r"(?m)^#+ (.+)$", path.read_text("utf-8"))
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    for target in LINK.findall(prose(name)):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        path = (PAGES[name].parent / file) if file else PAGES[name]
        assert path.exists(), target
        assert path.resolve().is_relative_to(ROOT), target
        if anchor:
            assert anchor in anchors(path), target


@pytest.mark.parametrize("name", PAGES)
def test_files_that_are_named_are_there(name):
    here = (PAGES[name].parent, ROOT, ROOT / "seqtasks", ROOT / "benchmarks", ROOT / "docs")
    here = (*here, ROOT / "seqtasks" / "datasets")
    for file in FILE.findall(prose(name)):
        there = any(list(place.glob(file)) for place in here if ".." not in file)
        there = there or (PAGES[name].parent / file).exists() or any(here[0].glob(Path(file).name))
        known = Path(file).name in ELSEWHERE or re.match(r"(train|dev|test)\.", file)
        assert there or known, file


def test_the_readme_leads_to_every_page():
    linked = {link.partition("#")[0] for link in LINK.findall(prose("README.md"))}
    assert {name for name in PAGES if name != "README.md"} - linked == {"benchmarks/NOTES.md"}


def test_the_readme_is_short():
    assert len(PAGES["README.md"].read_text("utf-8").splitlines()) <= 300
