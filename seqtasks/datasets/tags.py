"""Tagging schemes: which one a file uses, and what its tags mean.

An entity of type X over four tokens, and one over a single token, in each scheme:

======  ===================  ======  ==========================================
IOB2    B-X I-X I-X I-X      B-X
IOB1    I-X I-X I-X I-X      I-X     B-X starts an entity only where it directly
                                     follows another of the same type
IO      I-X I-X I-X I-X      I-X     neighbours of the same type are one entity
IOBES   B-X I-X I-X E-X      S-X
BILOU   B-X I-X I-X L-X      U-X
======  ===================  ======  ==========================================

`spans` reads every one of them, ill-formed sequences included, by one set of rules: those of
conlleval, the script of the CoNLL shared tasks (with E and S as its Python version and seqeval
have them). A tag is *ill-formed* where the scheme would have written those entities otherwise.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

SCHEMES = ("IOB1", "IOB2", "IO", "IOBES", "BILOU")

# The letters of an entity's first token, those inside, its last token, and an only token.
_LETTERS = {"IOB2": "BIIB", "IOB1": "IIII", "IO": "IIII", "IOBES": "BIES", "BILOU": "BILU"}
_TAG = re.compile(r"O|[BIESLU]-\S.*")


class Span(NamedTuple):
    """An entity among tokens: from token `start` to token `end`, end exclusive, and its type."""

    start: int
    end: int
    type: str


class Iob2(NamedTuple):
    """The tags of a whole file brought to IOB2.

    `tags` holds one tuple a sentence, `scheme` is what the file used, and `repaired` counts the
    tags that were ill-formed in that scheme.
    """

    tags: list[tuple[str, ...]]
    scheme: str
    repaired: int


def is_tag(tag: str) -> bool:
    """Whether `tag` belongs to any scheme: O, or one of B I E S L U, a hyphen and a type."""
    return _TAG.fullmatch(tag) is not None


def spans(tags: Sequence[str]) -> list[Span]:
    """The entities of one sentence, as conlleval reads them.

    An entity begins at B, S or U; at I, E or L after an O, after the end of another entity (E, S,
    L, U) or where the type changes. It ends before the next O and before the next beginning.
    """
    found = []
    start = 0
    previous, type_ = "O", ""
    for i, tag in enumerate([*tags, "O"]):
        letter, this_type = tag[0], tag[2:]
        outside = letter == "O"
        begins = not outside and (letter in "BSU" or previous in "OESLU" or this_type != type_)
        if previous != "O" and (outside or begins):
            found.append(Span(start, i, type_))
        if begins:
            start = i
        previous, type_ = letter, this_type
    return found


def encode(entities: Iterable[Span], length: int, scheme: str = "IOB2") -> tuple[str, ...]:
    """The tags of a sentence of `length` tokens that say `entities` in `scheme`.

    Raises:
        ValueError: for a span that is empty, out of range or overlaps the one before it.
    """
    first, inside, last, only = tuple(_LETTERS[scheme])
    tags = ["O"] * length
    previous = Span(0, 0, "")
    for span in sorted(entities):
        start, end, type_ = span
        if not previous.end <= start < end <= length:
            raise ValueError(f"{span} is empty, outside {length} tokens or overlaps {previous}")
        if end - start == 1:
            tags[start] = f"{only}-{type_}"
        else:
            tags[start:end] = [f"{inside}-{type_}"] * (end - start)
            tags[start], tags[end - 1] = f"{first}-{type_}", f"{last}-{type_}"
        if scheme == "IOB1" and start == previous.end and type_ == previous.type:
            tags[start] = f"B-{type_}"
        previous = span
    return tuple(tags)


def convert(tags: Sequence[str], scheme: str) -> tuple[str, ...]:
    """The tags of one sentence, of whatever scheme, written in `scheme`."""
    return encode(spans(tags), len(tags), scheme)


def ill_formed(tags: Sequence[str], scheme: str) -> int:
    """How many tags of a sentence `scheme` would have written otherwise."""
    return sum(tag != right for tag, right in zip(tags, convert(tags, scheme), strict=True))


def detect(sentences: Sequence[Sequence[str]]) -> str:
    """The scheme of a whole file, from the tags of its sentences.

    E or S means IOBES, L or U means BILOU, and I alone means IO. With B and I alone, it is IOB1
    or IOB2, whichever leaves fewer tags ill-formed (IOB2 where they tie). Both read the same
    entities, so that only the count of ill-formed tags hangs on it: a B that follows no entity
    of its type speaks for IOB2, an I that begins an entity for IOB1, which most entities of an
    IOB1 file do. A file without entities counts as IOB2.

    Raises:
        ValueError: where the letters of IOBES and BILOU are mixed.
    """
    letters = {tag[0] for tags in sentences for tag in tags}
    if letters & set("ES"):
        if letters & set("LU"):
            raise ValueError("tags of IOBES (E-, S-) and of BILOU (L-, U-) are mixed")
        return "IOBES"
    if letters & set("LU"):
        return "BILOU"
    if "I" not in letters:
        return "IOB2"
    if "B" not in letters:
        return "IO"
    iob1, iob2 = (
        sum(ill_formed(tags, scheme) for tags in sentences) for scheme in ("IOB1", "IOB2")
    )
    return "IOB1" if iob1 < iob2 else "IOB2"


def to_iob2(sentences: Sequence[Sequence[str]]) -> Iob2:
    """The tags of a whole file, one sequence a sentence, brought to IOB2.

    Raises:
        ValueError: where the letters of IOBES and BILOU are mixed.
    """
    scheme = detect(sentences)
    return Iob2(
        tags=[convert(tags, "IOB2") for tags in sentences],
        scheme=scheme,
        repaired=sum(ill_formed(tags, scheme) for tags in sentences),
    )
