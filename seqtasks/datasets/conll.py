r"""CoNLL files: a token a line with its tag, a blank line after each sentence.

    U.N.      NNP  I-NP  I-ORG
    official  NN   I-NP  O

- Two or more columns, the same number in the whole file: the token first, the tag last, what is
  between is not read. The first line with a token settles what separates them: a tab where it
  has one (a token may then contain spaces), runs of spaces otherwise.
- A line of white space alone ends a sentence, and so does a -DOCSTART- line, which is dropped.
- A line that begins with `# ` is a comment, unless it has the file's number of columns and ends
  in a tag: then it is the token `#`.
- The tags may be of any scheme in `seqtasks.datasets.tags`; they come out as IOB2.
- UTF-8, with or without a byte order mark; lines end in `\n` or `\r\n`. Text is taken as it is,
  without Unicode normalisation.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.examples import TaggedSentence
from seqtasks.datasets.tags import convert, is_tag, to_iob2
from seqtasks.datasets.textfile import read_lines, write_text

_DOCSTART = re.compile(r"-DOCSTART-(\s|$)")
# a tab or line end; and what the reader takes for something else, where a line begins with it
_UNWRITABLE = re.compile(r"[\t\n\r]|^(\ufeff|-DOCSTART-(\s|$))")
_BLANKS = re.compile(r"[ \t]+")


@dataclass(frozen=True)
class ConllFile:
    """What a CoNLL file says.

    `scheme` is the one its tags are written in, and `repaired` counts the tags that are ill-formed
    in it, and were read as conlleval reads them. The sentences are in IOB2.
    """

    sentences: list[TaggedSentence]
    scheme: str
    repaired: int


@dataclass(frozen=True)
class _Columns:
    """How one file separates its columns, and how many it has, as its line `line` shows."""

    tab: bool
    number: int
    line: int

    def split(self, text: str) -> list[str]:
        text = text.rstrip(" \t")
        return text.split("\t") if self.tab else _BLANKS.split(text.lstrip(" "))


def read_conll(path: Path) -> ConllFile:
    """Reads a CoNLL file.

    Raises:
        DataError: with file, line and mend, for all that cannot be read (see `_token_lines`),
            for a file without tokens, and for one that mixes IOBES and BILOU.
    """
    sentences: list[list[tuple[str, str]]] = [[]]
    first_line: dict[str, int] = {}  # of each tag letter
    for line, token, tag in _token_lines(path, read_lines(path)):
        if not tag:
            sentences.append([])
            continue
        sentences[-1].append((token, tag))
        first_line.setdefault(tag[0], line)
    sentences = [sentence for sentence in sentences if sentence]
    if not sentences:
        raise DataError(
            path,
            "expected tokens with their tags, got none",
            "write a token and its tag a line, and a blank line after each sentence",
        )
    try:
        iob2 = to_iob2([[tag for _, tag in sentence] for sentence in sentences])
    except ValueError as error:
        iobes, bilou = (
            min(first_line[letter] for letter in letters if letter in first_line)
            for letters in ("ES", "LU")
        )
        raise DataError(
            path, str(error), "use one scheme in the whole file", line=max(iobes, bilou)
        ) from None
    return ConllFile(
        [
            TaggedSentence(tuple(token for token, _ in sentence), tags)
            for sentence, tags in zip(sentences, iob2.tags, strict=True)
        ],
        iob2.scheme,
        iob2.repaired,
    )


def _token_lines(path: Path, lines: list[str]) -> Iterator[tuple[int, str, str]]:
    """Yields (line, token, tag), and (line, "", "") for a line that ends a sentence."""
    columns = _find_columns(path, lines)
    for line, text in enumerate(lines, 1):
        if not text.strip() or _DOCSTART.match(text):
            yield line, "", ""
            continue
        cells = columns.split(text)
        if text.startswith("# ") and not (len(cells) == columns.number and is_tag(cells[-1])):
            continue
        if len(cells) != columns.number:
            raise DataError(
                path,
                f"expected {columns.number} columns as in line {columns.line}, got {len(cells)}",
                f"separate columns by {'one tab' if columns.tab else 'spaces'} in every line",
                line=line,
            )
        token, tag = cells[0], cells[-1].strip()
        if not token:
            raise DataError(
                path, "expected a token, got an empty column", "give the line a token", line=line
            )
        if not is_tag(tag):
            raise DataError(
                path,
                f"expected a tag such as O, B-PER or I-PER, got {tag!r}",
                "put the tag in the last column, with its prefix",
                line=line,
            )
        yield line, token, tag


def _find_columns(path: Path, lines: list[str]) -> _Columns:
    """Settles the columns by the first line that must hold a token."""
    for line, text in enumerate(lines, 1):
        if not text.strip() or _DOCSTART.match(text):
            continue
        if text.startswith("# "):
            continue
        columns = _Columns(tab="\t" in text.rstrip(" \t"), number=0, line=line)
        number = len(columns.split(text))
        if number < 2:
            raise DataError(
                path,
                "expected a token and a tag, got 1 column",
                "separate columns by a tab or a space",
                line=line,
            )
        return _Columns(columns.tab, number, line)
    # nothing but comments, unless every token begins as they do
    for line, text in enumerate(lines, 1):
        if "\t" in text.rstrip(" \t"):
            columns = _Columns(tab=True, number=0, line=line)
            cells = columns.split(text)
            if is_tag(cells[-1]):
                return _Columns(True, len(cells), line)
    return _Columns(tab=False, number=2, line=1)


def format_conll(sentence: TaggedSentence, scheme: str = "IOB2") -> str:
    """One sentence as lines of token, tab and tag, with the blank line that ends it."""
    tags = convert(sentence.tags, scheme)
    lines = [f"{token}\t{tag}\n" for token, tag in zip(sentence.tokens, tags, strict=True)]
    return "".join(lines) + "\n"


def write_conll(path: Path, sentences: Iterable[TaggedSentence], scheme: str = "IOB2") -> None:
    """Writes a file that `read_conll` reads back to the same sentences.

    Raises:
        DataError: for a token that a line cannot hold: an empty one, one with a tab or a line end
            in it, one that begins as a document does or with a byte order mark (nothing is
            written then); and for a path that cannot be written.
    """
    parts = []
    for sentence in sentences:
        for token in sentence.tokens:
            if not token or _UNWRITABLE.search(token):
                raise DataError(
                    path,
                    "expected tokens without tab or line end, that do not begin as a document "
                    f"or a file does, got {token[:40]!r}",
                    "write JSON Lines instead",
                )
        parts.append(format_conll(sentence, scheme))
    write_text(path, "".join(parts))
