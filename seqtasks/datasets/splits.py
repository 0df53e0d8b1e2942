"""Splits where a source has none: by a hash of what each example says.

The hash is BLAKE2b, so that an example lands in the same split on every machine, in every order
and in every version, whatever examples stand around it; the same text twice lands in one split.
Of the tags the hash knows nothing: correcting one moves no sentence.
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import TypeVar

from seqtasks.datasets.examples import TaggedSentence, TaggedText

Example = TypeVar("Example")

SEPARATOR = "\x1f"  # the unit separator of ASCII, between tokens


def content_of(example: TaggedSentence | TaggedText) -> str:
    """The text that places an example: the sentence's tokens, or the raw text."""
    if isinstance(example, TaggedSentence):
        return SEPARATOR.join(example.tokens)
    return example.text


def position(text: str, purpose: str = "split") -> float:
    """Where `text` falls in [0, 1); another `purpose` (up to 16 bytes) scatters independently."""
    digest = hashlib.blake2b(text.encode(), digest_size=6, person=purpose.encode()).digest()
    return int.from_bytes(digest, "big") / 2**48


def split_of(text: str) -> str:
    """The split of the example with this content: train (80%), dev (10%) or test (10%)."""
    place = position(text)
    if place < 0.8:
        return "train"
    return "dev" if place < 0.9 else "test"


def split(
    examples: Iterable[Example], content: Callable[[Example], str]
) -> dict[str, list[Example]]:
    """Splits examples into train, dev and test, 80/10/10; each may come out empty.

    Args:
        examples: they keep their order within each split.
        content: gives an example's text; `content_of` for the tagging tasks.
    """
    splits: dict[str, list[Example]] = {"train": [], "dev": [], "test": []}
    for example in examples:
        splits[split_of(content(example))].append(example)
    return splits


def hold_out(
    examples: Iterable[Example], content: Callable[[Example], str]
) -> tuple[list[Example], list[Example]]:
    """Splits examples into training and a tenth held out from it, by a hash of its own.

    Where no example falls into that tenth, the one nearest to it is held out, so that both parts
    have examples as soon as two differ.
    """
    places = [(position(content(example), "hold out"), example) for example in examples]
    limit = min(0.9, max((place for place, _ in places), default=0.9))
    kept = [example for place, example in places if place < limit]
    held = [example for place, example in places if place >= limit]
    return (kept, held) if kept else (held, [])
