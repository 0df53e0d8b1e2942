"""The embedded sample for sentiment: short English reviews, positive or negative.

They are about films, books, food, hotels and gadgets. Training and validation texts are made, the
same ones every time, from frames written by hand for this project. Validation uses frames that
training never sees, in blocks, since neighbours are often a pair that differs in the verdict alone.
The test split, `test.txt`, is free text written by hand before anybody who wrote it had seen a
frame, and is frozen.

A frame (`frames/*.txt`; label, domain and text, with tabs between) has `[choices|of|these]` and
`{slot}`s. Slots are filled from lists of neutral names and nouns, dealt evenly to both labels.
"""

import re
from collections import Counter
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import zip_longest
from math import prod
from typing import NamedTuple

from seqtasks.datasets.examples import LabelledText
from seqtasks.datasets.sample_sentiment.fillers import Fillers
from seqtasks.datasets.sample_sentiment.wording import is_plural, mend_articles, option_numbers

COPIES = 4  # texts made from each training frame; one from each validation frame
BLOCK = 12  # frames held out together
HELD_OUT = 10  # every 10th block is for validation
LOWER_CASE = 0.04  # of the texts; whatever the label, as are
NO_STOP, EXCLAIMED = 0.06, 0.06  # of the texts that end in a stop or an exclamation mark
LABELS = {"pos": "positive", "neg": "negative"}

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")
_START = re.compile(r"""(?:^|[.!?]["')]? )["'(]?$""")  # before the first word of a sentence
_END = re.compile(r"(?<=\w)(?<!\.\w)[.!]$")  # one mark, no ellipsis, no a.m.


class Review(NamedTuple):
    """A line of a file: a frame, or a text that is finished."""

    label: str
    domain: str
    text: str


def load() -> dict[str, list[LabelledText]]:
    """All three splits; about a second. Deterministic: it depends on the files alone."""
    return {
        split: [LabelledText(review.text, LABELS[review.label]) for review in reviews]
        for split, reviews in load_reviews().items()
    }


def load_reviews() -> dict[str, list[Review]]:
    """All three splits, with what each text is about."""
    frames = load_frames()
    return {
        "train": _write(frames["train"], COPIES, "train"),
        "dev": _write(frames["dev"], 1, "dev"),
        "test": _lines(_here() / "test.txt"),
    }


def load_frames() -> dict[str, list[Review]]:
    """The frames of training and those held out for validation."""
    files = sorted((_here() / "frames").iterdir(), key=lambda file: file.name)
    frames = [frame for file in files if file.name.endswith(".txt") for frame in _lines(file)]
    split: dict[str, list[Review]] = {"train": [], "dev": []}
    for i, frame in enumerate(frames):
        split["train" if (i // BLOCK + 1) % HELD_OUT else "dev"].append(frame)
    return split


def _write(frames: list[Review], copies: int, split: str) -> list[Review]:
    """`copies` texts of each frame, each text once; in every domain both labels equally often."""
    fillers = Fillers(f"seqtasks sentiment sample {split}")
    rounds = zip_longest(*(fill(frame, copies, fillers) for frame in frames))
    written = {review.text: review for reviews in rounds for review in reviews if review}
    return _even(list(written.values()))


def fill(frame: Review, copies: int, fillers: Fillers) -> list[Review]:
    """That many texts from a frame; fewer if it has no slot and not so many choices."""
    choices = [fillers.shuffled(choice.split("|")) for choice in _CHOICE.findall(frame.text)]
    sizes = [len(options) for options in choices]
    if not _SLOT.search(frame.text):
        copies = min(copies, prod(sizes))
    texts = []
    for copy in range(copies):
        numbers = option_numbers(sizes, copy)
        options = [choice[i] for choice, i in zip(choices, numbers, strict=True)]
        text = _choose(frame.text, options)
        text = mend_articles(_fill_slots(text, frame.label, fillers))
        texts.append(frame._replace(text=_vary(text, fillers)))
    return texts


def _choose(text: str, options: list[str]) -> str:
    left = iter(options)
    return _CHOICE.sub(lambda _: next(left), text)


def _fill_slots(text: str, label: str, fillers: Fillers) -> str:
    used: set[str] = set()

    def filler(slot: re.Match[str]) -> str:
        name = slot[1]
        before, after = text[: slot.start()], text[slot.end() :]
        if name == "gadget" and is_plural(text, *slot.span()):
            name = "gadgets"
        if name == "number" and (before.endswith("£") or after.startswith("%")):
            name = "digits"
        word = fillers.draw(label, name, used)
        return word[0].upper() + word[1:] if _START.search(before) else word

    return _SLOT.sub(filler, text)


def _vary(text: str, fillers: Fillers) -> str:
    """A text's last mark and its case, drawn without regard to its label, so that neither tells."""
    chance = fillers.random()
    mark = "" if chance < NO_STOP else "!" if chance < NO_STOP + EXCLAIMED else "."
    text = _END.sub(mark, text)
    return text.lower() if fillers.random() < LOWER_CASE else text


def _even(reviews: list[Review]) -> list[Review]:
    """The same without the last ones of the label that a domain has more of."""
    counts = Counter((review.domain, review.label) for review in reviews)
    most = {domain: min(counts[domain, label] for label in LABELS) for domain, _ in counts}
    seen: Counter[tuple[str, str]] = Counter()
    kept = []
    for review in reviews:
        seen[review.domain, review.label] += 1
        if seen[review.domain, review.label] <= most[review.domain]:
            kept.append(review)
    return kept


def _lines(file: Traversable) -> list[Review]:
    lines = file.read_text("utf-8").splitlines()
    return [Review(*line.split("\t")) for line in lines if line.strip()]


@cache
def _here() -> Traversable:
    return resources.files(__name__)
