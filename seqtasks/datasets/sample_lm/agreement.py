"""Beginnings of sentences at whose verb a model must know the number of a noun further back."""

import random
from typing import NamedTuple

from seqtasks.datasets.sample_lm.grammar import Grammar

LONGEST = 20  # words between the head noun and its verb
ATTRACTED_FROM = 3  # from this distance on, a noun of the other number stands between
VERBS = {"is", "was", "have", "verb", "motion", "ride", "seem", "taste"}  # their classes


class AgreementItem(NamedTuple):
    """A sentence up to a verb, and the two forms of that verb."""

    prefix: tuple[str, ...]
    right: str  # the form that agrees with the subject's head noun
    wrong: str  # the same verb's form of the other number
    distance: int  # tokens between the head noun and the verb, commas included


def agreement_sentences(
    grammar: Grammar, per_distance: int
) -> list[tuple[AgreementItem, tuple[str, ...]]]:
    """Items, by distance, each with the tokens that end its sentence behind the verb.

    Sentences are drawn from the grammar, given that they are one clause about one noun phrase in
    the present or past of a verb that shows its number, and given distance and number; from
    `ATTRACTED_FROM` on also given that a noun of the other number stands between.

    Args:
        grammar: the sample's.
        per_distance: items of each distance, 0 to 20; even, for half of them are singular.

    Raises:
        ValueError: `per_distance` is odd or negative.
    """
    if per_distance < 0 or per_distance % 2:
        raise ValueError(f"per_distance must be even, for both numbers, and is {per_distance}")
    generator = random.Random("seqtasks lm sample agreement")
    other_form = _other_forms(grammar)
    attractors = {"sg": _nouns(grammar, "pl"), "pl": _nouns(grammar, "sg")}
    found: dict[tuple[int, str], list[tuple[AgreementItem, tuple[str, ...]]]]
    found = {(d, number): [] for d in range(LONGEST + 1) for number in ("sg", "pl")}
    missing = per_distance * len(found) // 2

    while missing:
        statement, *more = grammar.choose("clause", generator)
        if more or not statement.startswith("statement."):
            continue
        number = statement.split(".")[1]
        core, *between, predicate = grammar.choose(statement, generator)
        gap = [token for symbol in between for token in grammar.draw(symbol, generator).tokens]
        distance = len(gap)
        if distance > LONGEST or len(found[distance, number]) == per_distance // 2:
            continue
        if distance >= ATTRACTED_FROM and attractors[number].isdisjoint(gap):
            continue
        head = grammar.draw(core, generator).tokens
        verb, *rest = grammar.draw(predicate, generator).tokens
        item = AgreementItem((*head, *gap), verb, other_form[verb], distance)
        found[distance, number].append((item, (*rest, ".")))
        missing -= 1
    return [pair for items in found.values() for pair in items]


def _other_forms(grammar: Grammar) -> dict[str, str]:
    """From each form of a verb that shows its number to that of the other number."""
    rules = grammar.probabilities
    forms = {}
    for left, words in rules.items():
        name, *features = left.split(".")
        if name in VERBS and "sg" in features:
            plural = rules[left.replace(".sg", ".pl")]
            for (one,), (many,) in zip(words, plural, strict=True):
                forms[one], forms[many] = many, one
    return forms


def _nouns(grammar: Grammar, number: str) -> set[str]:
    """All nouns of a number that phrases with a head choose from."""
    return {
        word
        for left, rights in grammar.probabilities.items()
        if left.startswith("noun") and left.split(".")[1] == number
        for (word,) in rights
        if word not in grammar.probabilities
    }
