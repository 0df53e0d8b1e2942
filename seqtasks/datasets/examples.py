"""The plain examples of the tasks: what readers yield, whatever the format."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """A sentence cut into tokens, with one IOB2 tag a token."""

    tokens: tuple[str, ...]
    tags: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.tokens) != len(self.tags):
            raise ValueError(f"expected a tag a token, got {self.tokens!r} with {self.tags!r}")


class Entity(NamedTuple):
    """A stretch of a text: code points `start` to `end`, end exclusive, and its type."""

    start: int
    end: int
    type: str


@dataclass(frozen=True, slots=True)
class TaggedText:
    """A raw text with its entities, in order of their start and without overlap."""

    text: str
    entities: tuple[Entity, ...]


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text with its label."""

    text: str
    label: str
