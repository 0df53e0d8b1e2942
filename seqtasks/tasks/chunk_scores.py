"""Precision, recall and F1 of entities, as CoNLL's shared tasks define them.

An entity counts as found if its first token, its last token and its type are all right; half right
is wrong. Over all sentences, with `found` predicted entities, `true` entities in the data, and
`right` in both:

    precision = right / found,  recall = right / true,  F1 = 2 · right / (found + true)

each 0 where it would divide by 0. The overall figures are of all types together (micro average).

Source: Tjong Kim Sang and De Meulder, "Introduction to the CoNLL-2003 shared task", 2003.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from seqtasks.datasets.tags import spans


class Counts(NamedTuple):
    """How many entities."""

    right: int
    found: int
    true: int

    def scores(self) -> dict[str, Any]:
        """Precision, recall, F1, and how many entities the data have."""
        return {
            "precision": self.right / self.found if self.found else 0.0,
            "recall": self.right / self.true if self.true else 0.0,
            "f1": 2 * self.right / (self.found + self.true) if self.found + self.true else 0.0,
            "entities": self.true,
        }


def score(true: Iterable[Sequence[str]], found: Iterable[Sequence[str]]) -> dict[str, Any]:
    """Scores of predicted tags against the true ones, both IOB2, a sequence a sentence.

    Returns `precision`, `recall`, `f1`, `entities`, and `per_type`: the same for each type.
    Raises ValueError if a sentence has not the same length in both.
    """
    counts: dict[str, Counter[str]] = {"right": Counter(), "found": Counter(), "true": Counter()}
    for gold, guess in zip(true, found, strict=True):
        if len(gold) != len(guess):
            raise ValueError(f"expected a tag a token, got {len(guess)} for {len(gold)} tokens")
        gold_spans, found_spans = set(spans(gold)), set(spans(guess))
        for name, some in (
            ("right", gold_spans & found_spans),
            ("found", found_spans),
            ("true", gold_spans),
        ):
            counts[name].update(span.type for span in some)
    types = sorted(counts["true"] | counts["found"])
    per_type = {t: Counts(*(counts[name][t] for name in Counts._fields)).scores() for t in types}
    overall = Counts(*(counts[name].total() for name in Counts._fields)).scores()
    return {**overall, "per_type": per_type}


def table(scores: dict[str, Any]) -> str:
    """The scores of `score` for people: a line a type, figures in percent."""
    rows = [*scores["per_type"].items(), ("all", scores)]
    width = max(len(name) for name, _ in rows)
    lines = [f"{'':{width}}  precision  recall     F1  entities"]
    for name, row in rows:
        lines.append(
            f"{name:{width}}  {100 * row['precision']:9.1f}  {100 * row['recall']:6.1f}"
            f"  {100 * row['f1']:5.1f}  {row['entities']:8,}"
        )
    return "\n".join(lines)
