"""Scoring a classifier on texts with true labels, and what it got wrong."""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from seqtasks.datasets.examples import LabelledText
from seqtasks.tasks import label_scores
from seqtasks.tasks.sentiment import calibration
from seqtasks.tasks.sentiment.classifier import Classifier
from seqtasks.tasks.sentiment.data import tokens_of


class Mistake(NamedTuple):
    """A text with another label than its own."""

    line: int  # which text, counted from 1
    true: str
    found: str
    probability: float
    text: str


class Result(NamedTuple):
    """Scores, as `evaluate --json` prints them, mistakes, and notes for the user."""

    scores: dict[str, Any]
    mistakes: list[Mistake]
    notes: tuple[str, ...]


def evaluate(classifier: Classifier, examples: Sequence[LabelledText]) -> Result:
    """Label the examples with `classifier` and compare.

    `ece` is the expected calibration error; `reliability` what it sums. A label that training
    never saw counts as missed. `seconds` is the time from texts to labels.
    """
    start = time.monotonic()
    scores = classifier.scores_of(tokens_of([example.text for example in examples]))
    table = classifier.network.probabilities(scores).numpy()
    seconds = time.monotonic() - start
    number = {label: i for i, label in enumerate(classifier.labels)}
    labels = np.array([number.get(example.label, -1) for example in examples])
    best = table.argmax(axis=1)
    true = [example.label for example in examples]
    found = [classifier.labels[i] for i in best]
    result = {
        **label_scores.score(true, found, classifier.labels),
        "ece": calibration.expected_calibration_error(table, labels),
        "reliability": calibration.reliability(table, labels),
        "examples": len(examples),
        "seconds": round(seconds, 3),
    }
    mistakes = [
        Mistake(i + 1, true[i], found[i], round(float(table[i].max()), 4), examples[i].text)
        for i in range(len(examples))
        if true[i] != found[i]
    ]
    strange = sorted({label for label in true if label not in number})
    notes: tuple[str, ...] = ()
    if strange:
        count = int((labels < 0).sum())
        notes = (
            f"{count} texts have labels that training never saw ({', '.join(strange)}): "
            "they count as missed",
        )
    return Result(result, mistakes, notes)
