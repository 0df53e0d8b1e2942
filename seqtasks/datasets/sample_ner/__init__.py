"""The embedded sample for named-entity recognition: English, four types (PER LOC ORG MISC).

Training and validation sentences are made, the same ones every time, from sentence frames and
lists of names and nouns, all written for this project. Validation uses frames that training never
sees, filled with names that training is never given; ambiguous names that frames spell out
themselves are in both. The test split, `test.txt`, is free text written by hand before anybody who
wrote it had seen a frame; training and validation use none of its names.

The frames' files are named for what they are about, those of the later rounds by a letter: a world
news, b encyclopaedia, c everyday, d organisations, e works, events and peoples, f persons, g
places, h plain sentences and a mix, i free text, j sport, k business, l politics and law, m arts
and schools, n travel and family, o science and history, p fiction and headlines.

A frame (`frames/*.txt`, one a line) is a sentence with `{slot}`s, `(one|of|these)` choices, and
literal names marked `[PER Jordan]`; a slot is filled from `lists/`.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from seqtasks.datasets.examples import Entity, TaggedText
from seqtasks.datasets.sample_ner.fillers import Names

COPIES = 2  # sentences made from each training frame; one from each validation frame
FRAMES_HELD_OUT = 12  # every 12th frame is for validation
HELD_OUT = 8  # and so is every 8th name of each list

_CHOICE = re.compile(r"\(([^()]*)\)")
_SLOT = re.compile(r"\{(\w+)\}")
_MARK = re.compile(r"\[([A-Z]+) ([^\]]+)\]")
# `a` before a vowel, whatever the mark between the two; its type has vowels of its own
_BEFORE_VOWEL = re.compile(
    r"\b([Aa]) (?=(?:\[[A-Z]+ )?+(?!(?i:eu|uni|use|usu|one\b)|UK|US|U\.|ut|Ur)[aeiouAEIOU])"
)


def load() -> dict[str, list[TaggedText]]:
    """All three splits; about a second. Deterministic: it depends on the files alone."""
    frames = list(_frames())
    held_out = frames[::FRAMES_HELD_OUT]
    training = [frame for i, frame in enumerate(frames) if i % FRAMES_HELD_OUT]
    return {
        "train": _write(training, COPIES, Names("train", HELD_OUT)),
        "dev": _write(held_out, 1, Names("dev", HELD_OUT)),
        "test": [unmark(line) for line in _lines(_here() / "test.txt")],
    }


def unmark(line: str) -> TaggedText:
    """`[PER Ana] slept.` as its text and its entities."""
    text, entities, place = "", [], 0
    for mark in _MARK.finditer(line):
        text += line[place : mark.start()]
        entities.append(Entity(len(text), len(text) + len(mark[2]), mark[1]))
        text += mark[2]
        place = mark.end()
    return TaggedText(text + line[place:], tuple(entities))


def _write(frames: list[str], copies: int, names: Names) -> list[TaggedText]:
    """`copies` sentences of each frame, each sentence once."""
    written = dict.fromkeys(fill(frame, names) for _ in range(copies) for frame in frames)
    return [unmark(line) for line in written]


def fill(frame: str, names: Names) -> str:
    """One sentence, with its entities marked, from a frame.

    Frames in capitals or without any get names to match: capitals always, lower case mostly; a few
    other sentences (2% each) are set in lower case or in capitals as a whole.
    """
    used: set[str] = set()
    sentence = _CHOICE.sub(lambda choice: names.pick(choice[1].split("|")), frame)
    words = _SLOT.sub("", _MARK.sub("", sentence))
    sentence = _SLOT.sub(lambda slot: names.draw(slot[1], used), sentence)
    sentence = _BEFORE_VOWEL.sub(r"\1n ", " ".join(sentence.split()))
    chance = names.random()
    if words == words.upper() and len(re.findall("[A-Z]", words)) > 3:
        return _set(sentence, str.upper)
    if words == words.lower() and re.search("[a-z]", words):
        if frame[0] not in "{[" and chance < 0.7:
            return _set(sentence, str.lower)
    elif chance < 0.04:
        return _set(sentence, str.lower if chance < 0.02 else str.upper)
    if words != words.lower():
        sentence = sentence[:1].upper() + sentence[1:]
    return sentence


def _set(sentence: str, case: object) -> str:
    """Lower case or capitals for all but the types in the marks."""
    assert callable(case)
    parts = re.split(r"(\[[A-Z]+ )", sentence)
    return "".join(part if part.startswith("[") else case(part) for part in parts)


def _frames() -> Iterator[str]:
    for file in sorted((_here() / "frames").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".txt"):
            yield from _lines(file)


def _lines(file: Traversable) -> list[str]:
    return [line for line in file.read_text("utf-8").splitlines() if line.strip()]


@cache
def _here() -> Traversable:
    return resources.files(__name__)
