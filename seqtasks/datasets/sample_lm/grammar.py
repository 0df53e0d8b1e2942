"""A probabilistic context-free grammar: how it is read from text, and how it is drawn from.

A rule is a left side, a right side of symbols and a probability; the probabilities of one left
side sum to 1. A symbol that is no left side is a word. The two files say how they are written.
"""

import math
import random
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate, product
from typing import NamedTuple

Rules = dict[str, dict[tuple[str, ...], float]]  # left side, right side, weight

RANK_OFFSET = 3  # the word at rank r of its class, from 1, has the weight 1 / (r + RANK_OFFSET)


class Draw(NamedTuple):
    """What was drawn from a symbol, and the natural logarithm of its derivation's probability."""

    tokens: list[str]
    log_probability: float


class Grammar:
    """The rules, with their probabilities, and a way to draw from any symbol.

    Args:
        rules: left side to right side to weight; the weights of one left side need not sum to 1.
    """

    def __init__(self, rules: Rules) -> None:
        self.probabilities: Rules = {}
        self._options: dict[str, tuple[list[float], list[list[str]], list[float]]] = {}
        for left, rights in rules.items():
            cumulative = list(accumulate(rights.values()))
            shares = {right: weight / cumulative[-1] for right, weight in rights.items()}
            self.probabilities[left] = shares
            self._options[left] = (
                [weight / cumulative[-1] for weight in cumulative],
                [list(reversed(right)) for right in shares],
                [math.log(share) for share in shares.values()],
            )

    def words(self) -> set[str]:
        """All words that some rule writes."""
        symbols = {s for rights in self.probabilities.values() for right in rights for s in right}
        return symbols - set(self.probabilities)

    def choose(self, left: str, generator: random.Random) -> tuple[str, ...]:
        """A right side of `left`, drawn by the rules' probabilities."""
        cumulative, rights, _ = self._options[left]
        return tuple(reversed(rights[bisect(cumulative, generator.random())]))

    def draw(self, symbol: str, generator: random.Random) -> Draw:
        """Tokens that `symbol` derives, drawn by the rules' probabilities, from left to right.

        It uses `generator.random` alone, which no version of Python changes.
        """
        options, uniform = self._options, generator.random
        tokens: list[str] = []
        log_probability = 0.0
        left = [symbol]
        while left:
            top = left.pop()
            if top in options:
                cumulative, rights, logs = options[top]
                choice = bisect(cumulative, uniform()) if len(logs) > 1 else 0
                left += rights[choice]
                log_probability += logs[choice]
            else:
                tokens.append(top)
        return Draw(tokens, log_probability)


def read_grammar(rules: str, words: str) -> Grammar:
    """The grammar of the texts of a file of rules and a file of words.

    Raises:
        ValueError: a line is not written as the files say.
    """
    weights: defaultdict[str, dict[tuple[str, ...], float]] = defaultdict(dict)
    variables: dict[str, list[str]] = {}
    left = ""
    for line in _lines(rules):
        if not line.startswith(" ") and ":" in line:
            name, _, listed = line.partition(":")
            variables[name] = listed.split()
        elif not line.startswith(" "):
            left = line
        else:
            weight, *right = line.split()
            if not left or not right:
                raise ValueError(f"a rule is a weight and symbols behind a left side: {line!r}")
            right = [] if right == ["-"] else right
            for values in _values([left, *right], variables):
                symbols = tuple(_put(symbol, values) for symbol in right)
                weights[_put(left, values)][symbols] = float(weight)
    for line in _lines(words):
        name, equals, listed = line.partition(" = ")
        if not equals:
            raise ValueError(f"a class is its name, an equals sign and words: {line!r}")
        for i, values in enumerate(_values([name], variables)):
            for rank, item in enumerate(listed.split(), start=1):
                forms = item.split("/")
                word = forms[i] if len(forms) > 1 else item
                weights[_put(name, values)][(word,)] = 1 / (rank + RANK_OFFSET)
    grammar = Grammar(weights)
    odd = sorted(word for word in grammar.words() if not word.isalpha() and word not in ",.")
    if odd:
        raise ValueError(f"neither a left side nor a word of letters: {', '.join(odd)}")
    return grammar


def _lines(text: str) -> Iterator[str]:
    """The lines that say something, without the blanks at their ends."""
    return (line.rstrip() for line in text.splitlines() if line.strip() and line[0] != "#")


def _values(symbols: list[str], variables: dict[str, list[str]]) -> Iterator[dict[str, str]]:
    """Every way to give values to the variables that occur in the symbols."""
    parts = [part for symbol in symbols for part in symbol.split(".")]
    used = list(dict.fromkeys(part for part in parts if part in variables))
    for values in product(*(variables[name] for name in used)):
        yield dict(zip(used, values, strict=True))


def _put(symbol: str, values: dict[str, str]) -> str:
    """The symbol with values for variables."""
    return ".".join(values.get(part, part) for part in symbol.split("."))
