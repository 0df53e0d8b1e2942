"""Chart parsing: all derivations of a sentence at once, their number or their probability.

The chart is filled from the last token to the first. At every place come only the symbols that
can begin with the token there, each behind those that it may begin with itself; the grammar must
not be left-recursive. For sentences without deep nesting the time is linear in their length.
"""

import math
from collections.abc import Sequence
from functools import cached_property

from seqtasks.datasets.sample_lm.grammar import Grammar

Options = list[tuple[str, list[tuple[tuple[str, ...], float]]]]
END = ""  # stands for the token behind the last


class Parser:
    """Parses with one grammar.

    Raises:
        ValueError: when it is first used, if the grammar is left-recursive.
    """

    def __init__(self, grammar: Grammar) -> None:
        self._rules = grammar.probabilities

    def log_probability(self, tokens: Sequence[str], symbol: str = "sentence") -> float:
        """The natural logarithm of the probability that `symbol` derives just these tokens.

        -inf where it does not derive them.
        """
        return self._inside(tokens, symbol, self._weighted)

    def count_derivations(self, tokens: Sequence[str], symbol: str = "sentence") -> int:
        """In how many ways `symbol` derives just these tokens."""
        return round(math.exp(self._inside(tokens, symbol, self._unweighted)))

    def _inside(self, tokens: Sequence[str], symbol: str, options: dict[str, Options]) -> float:
        """The logarithm of the sum over derivations of the product of their rules' weights."""
        # chart[i][s][j]: that of symbol s over tokens i to j
        chart: list[dict[str, dict[int, float]]] = [{} for _ in range(len(tokens) + 1)]
        for start in reversed(range(len(tokens) + 1)):
            here = tokens[start] if start < len(tokens) else END
            for left, rights in options.get(here, options[END]):
                ends: dict[int, float] = {}
                for right, weight in rights:
                    for end, value in self._spans(right, start, weight, chart, tokens).items():
                        ends[end] = _log_add(ends[end], value) if end in ends else value
                if ends:
                    chart[start][left] = ends
        return chart[0].get(symbol, {}).get(len(tokens), -math.inf)

    def _spans(
        self,
        right: tuple[str, ...],
        start: int,
        weight: float,
        chart: list[dict[str, dict[int, float]]],
        tokens: Sequence[str],
    ) -> dict[int, float]:
        """Where a right side that starts at `start` may end, and its weight for each end."""
        reached = {start: weight}
        for symbol in right:
            onward: dict[int, float] = {}
            for middle, value in reached.items():
                if symbol in self._rules:
                    for end, more in chart[middle].get(symbol, {}).items():
                        total = value + more
                        onward[end] = _log_add(onward[end], total) if end in onward else total
                elif middle < len(tokens) and tokens[middle] == symbol:
                    onward[middle + 1] = value
            if not onward:
                return onward
            reached = onward
        return reached

    @cached_property
    def _weighted(self) -> dict[str, Options]:
        """For each word, the rules whose right side can begin with it or be empty.

        By left side, each behind those that it may begin with; with logarithms of probabilities.
        """
        order = self._order()
        first: dict[str, set[str]] = {}  # words that a symbol can begin with; END: it may be empty
        for left in order:
            first[left] = set().union(*(self._first(right, first) for right in self._rules[left]))
        words = {END}.union(*first.values())
        options: dict[str, Options] = {word: [] for word in words}
        for left in order:
            by_word: dict[str, list[tuple[tuple[str, ...], float]]] = {}
            for right, probability in self._rules[left].items():
                begins = self._first(right, first)
                for word in options if END in begins else begins:
                    by_word.setdefault(word, []).append((right, math.log(probability)))
            for word, rights in by_word.items():
                options[word].append((left, rights))
        return options

    @cached_property
    def _unweighted(self) -> dict[str, Options]:
        """The same with the logarithm of 1 for every rule, so that sums count derivations."""
        return {
            word: [(left, [(right, 0.0) for right, _ in rights]) for left, rights in listed]
            for word, listed in self._weighted.items()
        }

    def _first(self, right: tuple[str, ...], first: dict[str, set[str]]) -> set[str]:
        """The words that a right side can begin with; with END if it may be empty."""
        found: set[str] = set()
        for symbol in right:
            begins = first[symbol] if symbol in self._rules else {symbol}
            found |= begins - {END}
            if END not in begins:
                return found
        return found | {END}

    def _order(self) -> list[str]:
        """All left sides, each behind those that a right side of its may begin with."""
        order: dict[str, bool] = {}  # whether it is done
        empty: set[str] = set()

        def visit(left: str) -> None:
            if left in order:
                if not order[left]:
                    raise ValueError(f"{left} may begin with itself: left recursion")
                return
            order[left] = False
            for right in self._rules[left]:
                for symbol in right:
                    if symbol in self._rules:
                        visit(symbol)
                    if symbol not in empty:
                        break
                else:
                    empty.add(left)
            del order[left]
            order[left] = True

        for left in self._rules:
            visit(left)
        return list(order)


def _log_add(x: float, y: float) -> float:
    """The logarithm of e^x + e^y."""
    return max(x, y) + math.log1p(math.exp(-abs(x - y)))
