"""Scores of labels of whole texts: accuracy, F1 of each label and their mean, confusions."""

from collections.abc import Sequence
from typing import Any


def score(true: Sequence[str], found: Sequence[str], labels: Sequence[str]) -> dict[str, Any]:
    """Compare predicted labels with the true ones.

    labels: those that can be predicted; a true label that is none of them is always missed.

    Returns `accuracy`; `f1_macro`, the mean of F1 over the labels that are predicted or true
    somewhere; `per_class` (precision, recall, f1, texts); `labels`, and `confusion`: a row a true
    label, a column a found one.
    """
    names = [*labels, *sorted(set(true) - set(labels))]
    place = {name: i for i, name in enumerate(names)}
    confusion = [[0] * len(names) for _ in names]
    for gold, guess in zip(true, found, strict=True):
        confusion[place[gold]][place[guess]] += 1
    per_class = {}
    for name, i in place.items():
        right, texts = confusion[i][i], sum(confusion[i])
        guessed = sum(row[i] for row in confusion)
        if texts or guessed:
            per_class[name] = {
                "precision": right / guessed if guessed else 0.0,
                "recall": right / texts if texts else 0.0,
                "f1": 2 * right / (guessed + texts),
                "texts": texts,
            }
    right = sum(confusion[i][i] for i in range(len(names)))
    return {
        "accuracy": right / len(true) if true else 0.0,
        "f1_macro": sum(row["f1"] for row in per_class.values()) / max(len(per_class), 1),
        "per_class": per_class,
        "labels": names,
        "confusion": confusion,
    }


def table(scores: dict[str, Any]) -> str:
    """The scores of `score` for people: a line a label, figures in percent; then confusions."""
    width = max(8, *(len(name) for name in scores["labels"]))
    lines = [f"{'':{width}}  precision  recall     F1    texts"]
    for name, row in scores["per_class"].items():
        lines.append(
            f"{name:{width}}  {100 * row['precision']:9.1f}  {100 * row['recall']:6.1f}"
            f"  {100 * row['f1']:5.1f}  {row['texts']:7,}"
        )
    lines.append(
        f"\naccuracy {100 * scores['accuracy']:.1f}   mean F1 {100 * scores['f1_macro']:.1f}"
    )
    if "ece" in scores:
        lines[-1] += f"   calibration error {100 * scores['ece']:.1f}"
    cells = max(width, *(len(f"{n:,}") for row in scores["confusion"] for n in row))
    head = "true \\ found"
    width = max(width, len(head))
    lines.append(f"\n{head:{width}}  " + "  ".join(f"{n:>{cells}}" for n in scores["labels"]))
    for name, row in zip(scores["labels"], scores["confusion"], strict=True):
        lines.append(f"{name:{width}}  " + "  ".join(f"{n:>{cells},}" for n in row))
    return "\n".join(lines)
