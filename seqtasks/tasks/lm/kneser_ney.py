"""An n-gram model with interpolated, modified Kneser-Ney smoothing: what a network has to beat.

With c_n = how often an n-gram of the highest order n was seen, and for the orders k below it

    c_k(w_1 … w_k) = how many different words came before w_1 … w_k     (continuation count)

the probability of the word w after the k − 1 words h, where h′ is h without its first word, is

    P_k(w | h) = (c_k(h w) − D_k(c_k(h w))) / C + γ(h) P_{k−1}(w | h′),   C = Σ_w c_k(h w)
    γ(h) = Σ_w D_k(c_k(h w)) / C
    P_k(w | h) = P_{k−1}(w | h′)                   where C = 0: no word was counted after h
    P_0(w) = 1 / |allowed|                         so a word that was never seen has some, too

The discounts of an order come from its counts of counts: with n_i n-grams of count i,

    Y = n_1 / (n_1 + 2 n_2),  D(0) = 0
    D(1) = 1 − 2 Y n_2 / n_1,  D(2) = 2 − 3 Y n_3 / n_2,  D(c) = 3 − 4 Y n_4 / n_3  for c ≥ 3

These estimates fail on streams that are small, or whose rare words were taken out. So a D(i) that
would need an n of zero is i / 2, and one below i / 10, which may be negative, is i / 10; none is
above i. Every D being positive, so is every γ, and with it every probability; after each h they sum
to 1.

An n-gram at the very beginning has no word before it there, and counts from its other places only.

Source: Chen and Goodman, "An empirical study of smoothing techniques for language modeling", 1999,
after Kneser and Ney, "Improved backing-off for m-gram language modeling", 1995.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

Ids = np.ndarray | Sequence[int]


class _Order(NamedTuple):
    """What one order adds. The last entry of each array, which −1 reaches, is of nothing seen."""

    keys: np.ndarray  # (n-grams + 1,) ascending: number of the n-gram's first words, then its last
    share: np.ndarray  # (n-grams + 1,) (c − D(c)) / C
    rest: np.ndarray  # (contexts + 1,) γ


class KneserNey:
    """Modified Kneser-Ney, `order` words at a time, counted on `ids`.

    ids: (tokens,) int, one running stream: what ends a sentence is one of its ids, and nothing is
    put before its first. vocabulary: the ids are 0 … vocabulary − 1. allowed: the ids that can be
    predicted, or how many they are; all of the vocabulary if None.

    `discounts` holds D(1), D(2) and D(3 and more) of each order, the lowest first.

    Raises ValueError for arguments that are none of this, and for ids that are not allowed.
    """

    def __init__(
        self, ids: Ids, vocabulary: int, order: int = 3, allowed: int | Ids | None = None
    ) -> None:
        if not 1 <= vocabulary < 2**31:
            raise ValueError(f"expected a vocabulary of 1 to 2³¹ − 1 ids, got {vocabulary}")
        if order < 1:
            raise ValueError(f"expected an order of 1 or more, got {order}")
        self.vocabulary, self.order = vocabulary, order
        self.allowed: np.ndarray | None = None  # None: all, or not known which
        if allowed is None or isinstance(allowed, int | np.integer):
            self._uniform = vocabulary if allowed is None else int(allowed)
        else:
            self.allowed = np.unique(self._stream(allowed, "allowed ids"))
            self._uniform = len(self.allowed)
        if not 1 <= self._uniform <= vocabulary:
            raise ValueError(f"expected 1 to {vocabulary} allowed ids, got {self._uniform}")
        self._count(self._predictable(ids))

    def _count(self, ids: np.ndarray) -> None:
        """All orders, from the stream of ids."""
        # numbers[i]: which k-gram, in the order of their keys, starts at token i. There is one
        # 0-gram, which is at each token and after the last
        numbers = np.zeros(len(ids) + 1, np.int64)
        contexts = 1
        keys: list[np.ndarray] = []
        counts: list[np.ndarray] = []
        sizes: list[int] = []
        for k in range(1, self.order + 1):
            suffixes = numbers[1:]  # the (k − 1)-grams that are left without the first word
            found, numbers = np.unique(
                numbers[:-1] * self.vocabulary + ids[k - 1 :], return_inverse=True
            )
            if k > 1:
                suffix = np.empty(len(found), np.int64)
                suffix[numbers] = suffixes
                counts.append(np.bincount(suffix, minlength=contexts))
            keys.append(found)
            sizes.append(contexts)
            contexts = len(found)
        counts.append(np.bincount(numbers, minlength=contexts))
        if len(keys[0]) > self._uniform:
            raise ValueError(f"{self._uniform} ids are allowed, but {len(keys[0])} were seen")
        self.discounts = tuple(_discounts(c) for c in counts)
        self._orders = [
            _order(*parts, self.vocabulary)
            for parts in zip(keys, counts, self.discounts, sizes, strict=True)
        ]

    def log_probabilities(self, ids: Ids, context: Ids = ()) -> np.ndarray:
        """Natural logarithm of P(ids[t] | the order − 1 ids before it): (tokens,) float64.

        ids: (tokens,) int, context: the ids before the first of them, as many as are known; only
        its last order − 1 count. Where fewer than order − 1 ids came before, those are the context.
        """
        ids = self._predictable(ids)
        before = self._stream(context, "context")
        before = before[max(len(before) - self.order + 1, 0) :]
        stream = np.concatenate([before, ids])
        p = np.full(len(stream), 1 / self._uniform)
        numbers = np.zeros(len(stream) + 1, np.int64)  # of the k-gram that ends there; −1: unseen
        for keys, share, rest in self._orders:
            h = numbers[:-1]
            wanted = h * self.vocabulary + stream  # negative, so not found, where h is −1
            places = np.searchsorted(keys, wanted)
            places[keys[places] != wanted] = -1
            p = share[places] + rest[h] * p
            numbers = np.concatenate([[-1], places])
        return np.log(p[len(before) :])

    def _predictable(self, ids: Ids) -> np.ndarray:
        """The ids, all of them allowed."""
        ids = self._stream(ids, "ids")
        if self.allowed is not None:
            # a search, not np.isin, which may take memory for all of the vocabulary
            places = np.minimum(np.searchsorted(self.allowed, ids), len(self.allowed) - 1)
            other = ids[self.allowed[places] != ids]
            if len(other):
                raise ValueError(f"{len(other)} ids are not allowed, the first is {other[0]}")
        return ids

    def _stream(self, ids: Ids, name: str) -> np.ndarray:
        """The ids as (tokens,) int64, all of them in the vocabulary."""
        array = np.asarray(ids)
        if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
            raise ValueError(
                f"expected {name} of shape (tokens,) and integer, got {array.shape} {array.dtype}"
            )
        if array.size and not (array.min() >= 0 and array.max() < self.vocabulary):
            raise ValueError(
                f"expected {name} in 0 … {self.vocabulary - 1}, got {array.min()} … {array.max()}"
            )
        return array.astype(np.int64)


def _discounts(counts: np.ndarray) -> tuple[float, float, float]:
    """D(1), D(2) and D(3 and more) from the counts of an order."""
    n = np.bincount(np.minimum(counts, 5), minlength=6).astype(float)
    d = [i / 2 for i in (1, 2, 3)]
    for i in (1, 2, 3):
        if n[1] and n[2] and n[i] and n[i + 1]:
            y = n[1] / (n[1] + 2 * n[2])
            d[i - 1] = max(float(i - (i + 1) * y * n[i + 1] / n[i]), i / 10)
    return d[0], d[1], d[2]


def _order(
    keys: np.ndarray,
    counts: np.ndarray,
    discounts: tuple[float, float, float],
    contexts: int,
    vocabulary: int,
) -> _Order:
    """An order from its n-grams, their counts, and how many contexts they may have."""
    h = keys // vocabulary
    d = np.array([0.0, *discounts])[np.minimum(counts, 3)]
    total = np.bincount(h, weights=counts, minlength=contexts)
    held = np.bincount(h, weights=d, minlength=contexts)
    share = (counts - d) / np.maximum(total, 1)[h]
    rest = np.where(total > 0, held / np.maximum(total, 1), 1.0)
    return _Order(
        np.append(keys, np.iinfo(np.int64).max), np.append(share, 0.0), np.append(rest, 1.0)
    )
