"""Scoring a tagger on data with true tags, and what it got wrong."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from seqtasks.datasets.examples import TaggedSentence, TaggedText
from seqtasks.datasets.tags import Span, spans
from seqtasks.tasks import chunk_scores
from seqtasks.tasks.ner.data import sentences_of
from seqtasks.tasks.ner.tagger import LONGEST_SENTENCE, Tagger


class Mistake(NamedTuple):
    """An entity that is missed, invented, or found with the wrong bounds or type."""

    sentence: int  # counted from 1
    kind: str  # missed, invented, type, bounds, bounds and type
    true: str  # "PER Ana Reyes", or "" if there is none
    found: str
    text: str  # the sentence


class Result(NamedTuple):
    """Scores, as `evaluate --json` prints them, mistakes, and notes for the user."""

    scores: dict[str, Any]
    mistakes: list[Mistake]
    notes: tuple[str, ...]


def evaluate(tagger: Tagger, examples: Sequence[TaggedSentence | TaggedText]) -> Result:
    """Tag the examples with `tagger` and compare, by CoNLL's definition (see `chunk_scores`).

    `seconds` is the time of tagging, from tokens to tags; the first call also traces the graph.
    """
    sentences, notes = sentences_of(examples, LONGEST_SENTENCE)
    true = [sentence.tags for sentence in sentences]
    known = set(tagger.network.tags)
    strange = [tag for tags in true for tag in tags if tag not in known]
    if strange:
        types = ", ".join(sorted({tag[2:] for tag in strange}))
        notes += (
            f"{len(strange)} tags of types that training never saw ({types}): "
            "their entities count as missed",
        )
    start = time.monotonic()
    found = tagger.tag_sentences([sentence.tokens for sentence in sentences])
    seconds = time.monotonic() - start
    scores = {
        **chunk_scores.score(true, found),
        "sentences": len(sentences),
        "tokens": sum(map(len, true)),
        "seconds": round(seconds, 3),
    }
    return Result(scores, list(_mistakes(sentences, found)), notes)


def _mistakes(
    sentences: Sequence[TaggedSentence], found: Sequence[Sequence[str]]
) -> Iterator[Mistake]:
    for number, (sentence, tags) in enumerate(zip(sentences, found, strict=True), 1):
        true, guess = spans(sentence.tags), spans(tags)
        wrong = [span for span in guess if span not in true]
        text = " ".join(sentence.tokens)

        def show(span: Span | None, tokens: Sequence[str] = sentence.tokens) -> str:
            return f"{span.type} {' '.join(tokens[span.start : span.end])}" if span else ""

        for span in true:
            if span in guess:
                continue
            other = next((w for w in wrong if w.start < span.end and span.start < w.end), None)
            if other is None:
                kind = "missed"
            else:
                wrong.remove(other)
                bounds, type_ = span[:2] != other[:2], span.type != other.type
                kind = " and ".join(["bounds"] * bounds + ["type"] * type_)
            yield Mistake(number, kind, show(span), show(other), text)
        for span in wrong:
            yield Mistake(number, "invented", "", show(span), text)
