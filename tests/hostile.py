"""Files and texts as strangers and accidents make them: right ones damaged, and noise."""

import json
import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import strategies as st

from seqtasks.datasets.errors import DataError
from seqtasks.tasks.errors import TaskError

LONGEST_LINE = 2_000  # characters of an error, with its path: a line of a terminal or some
DEEP = 2_000  # brackets, of which Python's parsers bear about a thousand

# what a file of text may hold and its reader may not expect
ODD = [
    *(b"\0", b"\xef\xbb\xbf", b"\r", b"\r\r\n", b"\n\n", b"\x0b", b"\x0c", b"\x1a", b"\x1b[2J"),
    *(b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\x9b2J"),
    *("\u0085", "\u2028", "\u00a0", "\u200b", "\u202e", "e\u0301\u0301\u0301", "\U0010ffff"),
    *("\ufeff", "\u0130", "ﬁ", "𝒳", "😀\u200d😀", "٣", "²", "\x1f", "\x7f", "\ufffd"),
    *("\t", " ", "  ", '"', '""', "'", "\\", ",", "#", "# ", "-DOCSTART-", "__label__", "-", "/"),
    *("NaN", "-Infinity", "1e999", "-0", "1_0", "0x" + "f" * 5_000, "9" * 5_000, "null", "true"),
    *("[" * DEEP, '{"a":' * DEEP, "[" * 300 + "]" * 300, "a." * DEEP, '"\\ud800"', "\\u0000"),
    *("[]", "{}", "[[]]", ":", "}", "]", '"', "<!DOCTYPE a [", "&b;", "%%", "X:", "K:", "</s>"),
    *("O", "B-", "I-X", "S-X", "U-X", "B-\x1b[31m", "x" * 5_000, "<unk>"),
]
ODD_BYTES = [odd if isinstance(odd, bytes) else odd.encode() for odd in ODD]
ODD_TEXTS = [odd for odd in ODD if isinstance(odd, str)]


@st.composite
def damaged(draw, valid):
    """One of the right files `valid`, bytes, with a few things done to it."""
    data = draw(st.sampled_from(valid))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(data)))
        match draw(st.integers(0, 7)):
            case 0:
                data = data[:place]
            case 1:
                data = data[:place] + draw(st.sampled_from(ODD_BYTES)) + data[place:]
            case 2:
                data = data[:place] + draw(st.binary(min_size=1, max_size=4)) + data[place + 1 :]
            case 3:
                lines = data.splitlines(keepends=True) or [b""]
                line = lines[draw(st.integers(0, len(lines) - 1))]
                data = data[:place] + line * draw(st.integers(1, 3)) + data[place:]
            case 4:
                data = data[:place] + data[place + draw(st.integers(1, 8)) :]
            case 5:
                data = data.replace(b"\n", draw(st.sampled_from([b"\r\n", b"\r", b"\n\n", b" "])))
            case 6:
                data = draw(st.sampled_from([b"\xef\xbb\xbf", b"\xff\xfe", b"\n"])) + data
            case 7:
                data += draw(st.sampled_from(valid))
    return data


def files(valid):
    """Bytes: right files, damaged ones, noise, and odd things alone or in rows."""
    rows = st.lists(st.sampled_from([*ODD_BYTES, b"a", b"\n", b"\t"]), max_size=12).map(b"".join)
    return st.one_of(damaged(valid), damaged(valid), rows, st.binary(max_size=200))


def texts():
    """Strings that a line can hold: words, odd things, any code points; no surrogates."""
    few = st.sampled_from(["a", "Ada", " ", "Oslo", ".", *(t for t in ODD_TEXTS if len(t) < 500)])
    characters = st.characters(exclude_categories=["Cs"])
    return st.one_of(st.text(characters, max_size=40), st.lists(few, max_size=10).map("".join))


def values(depth=3):
    """Anything that JSON can hold, and what Python's parser takes besides."""
    numbers = st.one_of(st.integers(), st.floats(), st.sampled_from([10**9, -1, 10**400, 2**63]))
    plain = st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=8))
    return st.recursive(
        plain,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)
        ),
        max_leaves=2 * depth,
    )


def as_json(value):
    """As bytes; NaN and half surrogate pairs as Python writes them."""
    return json.dumps(value).encode()


def written(data, name):
    """A path of this name to a file of these bytes; in a folder of its own."""
    path = Path(tempfile.mkdtemp(dir=_FOLDER.name), name)
    path.write_bytes(data)
    return path


def answer(call, *arguments, **more):
    """What a call gives; None where it refuses in one line of bounded length."""
    with suppress(RefusedError):
        return answer_or_refusal(call, *arguments, **more)
    return None


class RefusedError(Exception):
    """The one line with which a call refused."""


def answer_or_refusal(call, *arguments, **more):
    """What a call gives; RefusedError where it refuses as it should."""
    try:
        return call(*arguments, **more)
    except (DataError, TaskError) as error:
        line = str(error)
        assert len(line.splitlines()) == 1, line
        assert len(line) <= LONGEST_LINE, line
        assert "; " in line or ": " in line, line
        raise RefusedError(line) from None


_FOLDER = tempfile.TemporaryDirectory(prefix="seqtasks-hostile-")
