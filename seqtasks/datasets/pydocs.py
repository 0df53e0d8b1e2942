"""The prose of Python's own documentation: the topics of `help()`, which every CPython carries.

`pydoc_data.topics` is the language reference as plain text. Of it the paragraphs of prose are kept,
a line each, and its decoration is dropped: titles and their underlines, tables, grammar, code and
signatures, marks of lists, emphasis and footnotes.

A topic is a document. Topics repeat one another (`in` is a part of `comparisons`), so a paragraph
stays in the first topic that has it, by name, and no two splits share one. The hash that splits
them is of a topic's name: a new Python, whose wording differs, moves no topic.
"""

import re
from collections.abc import Iterator, Mapping

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.splits import position

SHARES = {"train": 0.9, "dev": 0.05, "test": 0.05}
WORDS = 5  # that a sentence has at least
PLAIN = 0.6  # of the words of prose are spelt as words are; names and signs are more of code

_MARK = re.compile(r" *(?:[*\-+•]|\(?\d+[.)]|\[\d+\]|\.\.) +(?=\S)")  # of a list, of a footnote
_FOOTNOTE = re.compile(r"\s+\[\d+\](?=[\s.,;:)]|$)")
_EMPHASIS = re.compile(r"(?<![\w*\"'])(\*\*?)(?=\w)([^*\"]*[\w.:])\1(?![\w*\"'])")
_LITERAL = re.compile(r"`([^`]+)`")
_WRAPPED = re.compile(r"(?<=\w)-\n *(?=[a-z])")  # a line that ends within a word such as read-only
_QUOTED = re.compile(r'"[^"]*"')  # code within a sentence
_PLAIN = re.compile(r"[(“‘]?[A-Za-z]+(?:[’'/-][A-Za-z]+)*[)”’]?[.,;:!?]*[)”’]?")
_END = re.compile(r"[.:;!?][)”’\"']*$")
_CODE = re.compile(  # in any line
    r"::=|^ *[a-z]+_\w+: |^ *(?:>>>|\.\.\. |->|\||\+[-=]+\+|\(Pdb\))|(?:^|  ) *# |"
    r"^ *[\w.\[\]]+(?:, \w+)* = ",
    re.MULTILINE,
)
_STATEMENT = re.compile(  # as the first line of code
    r" *(?:@|import \w+$|from [\w.]+ import\b|return\b|(?:try|else|finally):|"
    r"(?:async |)(?:def|class|for|with|if|while|match|case)\b[^.]*:(?:$|  ))"
)


def read_pydocs() -> dict[str, list[str]]:
    """The documents of train, dev and test, in the order of their topics' names.

    Raises:
        DataError: where this Python comes without its documentation.
    """
    try:
        from pydoc_data.topics import topics
    except ImportError:
        raise DataError(
            "pydocs",
            "this Python comes without its documentation (pydoc_data.topics)",
            "take a Python that has it, as python.org's do, or another source, such as sample",
        ) from None
    return split_topics(topics)


def split_topics(topics: Mapping[str, str]) -> dict[str, list[str]]:
    """The prose of topics, split by their names; those without prose of their own are left out."""
    splits: dict[str, list[str]] = {split: [] for split in SHARES}
    seen: set[str] = set()
    for name in sorted(topics):
        own = [text for text in paragraphs(topics[name]) if text not in seen]
        own = list(dict.fromkeys(own))
        seen.update(own)
        if own:
            splits[topic_split(name)].append("\n".join(own))
    return splits


def topic_split(name: str) -> str:
    """The split of a topic: train (90%), dev (5%) or test (5%)."""
    place = position(name)
    if place < SHARES["train"]:
        return "train"
    return "dev" if place < SHARES["train"] + SHARES["dev"] else "test"


def paragraphs(text: str) -> Iterator[str]:
    """The paragraphs of prose in a topic, each without line breaks and marks."""
    for block in re.split(r"\n\s*\n", text.expandtabs().strip("\n")):
        if _CODE.search(block) or _STATEMENT.match(block.split("\n")[0]):
            continue
        for part in _items(block):
            prose = _FOOTNOTE.sub("", " ".join(_WRAPPED.sub("-", part).split()))
            prose = _LITERAL.sub(r'"\1"', _EMPHASIS.sub(r"\2", prose))
            if _is_prose(prose):
                yield prose


def _items(block: str) -> Iterator[str]:
    """The paragraphs that stand in a block without blank lines between."""
    lines: list[str] = []
    for line in block.split("\n"):
        mark = _MARK.match(line)
        deeper = lines and _indent(line) > _indent(lines[-1])
        if lines and (mark or deeper):
            yield "\n".join(lines)
            lines = []
        lines.append(" " * mark.end() + line[mark.end() :] if mark else line)
    yield "\n".join(lines)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_prose(text: str) -> bool:
    """Whether a paragraph is one or more sentences."""
    words = _QUOTED.sub("", text).split()
    plain = sum(_PLAIN.fullmatch(word) is not None for word in words)
    return (
        len(text.split()) >= WORDS and plain >= PLAIN * len(words) and _END.search(text) is not None
    )
