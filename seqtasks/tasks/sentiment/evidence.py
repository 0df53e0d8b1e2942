"""What words, and pairs of neighbouring words, say for each label by themselves: naive Bayes.

    e(x)(y) = log P(x|y) − mean over all labels of log P(x|·)
    P(x|y)  = (n(x, y) + 1) / Σ_x (n(x, y) + 1)

n(x, y) is the number of training texts of label y that have x, a word or a pair; of what none has,
e = 0. See Wang and Manning, "Baselines and bigrams", 2012.

Of a text that was counted itself, e is too sure: a pair that stands in it alone gives its label
away, and says nothing of any other text. A network that learns from such sums learns to trust them
too much. So the sums of a training text are of counts without it: texts are dealt at random to
FOLDS parts, and those of one part get e of the others (Wolpert, "Stacked generalization", 1992).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from seqtasks.datasets.vocabulary import UNKNOWN

FOLDS = 10


class Evidence(NamedTuple):
    """e of words and pairs, and what it adds up to in each training text."""

    words: np.ndarray  # float32 (ids, labels); 0 for padding and unknown words
    keys: np.ndarray  # int64 (pairs,), of `pair_keys`, rising
    pairs: np.ndarray  # float32 (pairs, labels)
    sums: np.ndarray  # float32 (texts, 2, labels): over words, over pairs


def naive_bayes(
    rows: Sequence[np.ndarray], labels: np.ndarray, ids: int, count: int, pairs: int
) -> Evidence:
    """Count the training texts.

    rows: the word ids of each text. labels: (texts,) int, all below `count`.
    ids: how many there are. pairs: keep so many at most, the commonest.
    """
    owner = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    words = np.concatenate(rows).astype(np.int64)
    first = np.flatnonzero(owner[:-1] == owner[1:])
    first = first[(words[first] > UNKNOWN) & (words[first + 1] > UNKNOWN)]
    found, place, times = np.unique(
        pair_keys(words[first], words[first + 1]), return_inverse=True, return_counts=True
    )
    kept = np.sort(np.argsort(-times, kind="stable")[:pairs])
    number = np.full(len(found), -1)
    number[kept] = np.arange(len(kept))
    there = number[place] >= 0
    of_words = _Counts(owner, words, labels, ids, count, silent=UNKNOWN + 1)
    of_pairs = _Counts(owner[first][there], number[place][there], labels, len(kept), count)
    return Evidence(
        of_words.logs(),
        found[kept],
        of_pairs.logs(),
        np.stack([of_words.sums(), of_pairs.sums()], axis=1),
    )


def pair_keys(first: Any, second: Any) -> Any:
    """A number for each pair of word ids: int64 arrays, or tensors, of like shape."""
    return first * 2**32 + second


class _Counts:
    """Which text has which of `things`, 0 to `things` − 1, and what these say.

    owner, thing: a row for each time that a text, a row of `labels`, has a thing.
    silent: so many things at the head say nothing.
    """

    def __init__(
        self,
        owner: np.ndarray,
        thing: np.ndarray,
        labels: np.ndarray,
        things: int,
        count: int,
        silent: int = 0,
    ) -> None:
        self._owner, self._thing, self._labels = owner, thing, labels
        self._shape, self._silent = (things, count), silent
        self._fold = np.random.default_rng(0).permutation(len(labels)) % FOLDS
        # once a text, however often the text has it
        self._texts, self._had = np.divmod(np.unique(owner * things + thing), things)

    def logs(self, fold: int | None = None) -> np.ndarray:
        """e, float32 (things, labels), by the texts outside `fold`."""
        chosen = self._fold[self._texts] != fold if fold is not None else slice(None)
        had, labels = self._had[chosen], self._labels[self._texts[chosen]]
        cells = np.bincount(had * self._shape[1] + labels, minlength=np.prod(self._shape))
        counts = cells.reshape(self._shape)
        logs = np.log((counts + 1) / (counts + 1).sum(axis=0))
        logs -= logs.mean(axis=1, keepdims=True)
        logs[counts.sum(axis=1) == 0] = 0
        logs[: self._silent] = 0
        return logs.astype(np.float32)

    def sums(self) -> np.ndarray:
        """What e of the other folds adds up to, float32 (texts, labels)."""
        total = np.zeros((len(self._labels), self._shape[1]), np.float32)
        for fold in range(FOLDS):
            here = self._fold[self._owner] == fold
            np.add.at(total, self._owner[here], self.logs(fold)[self._thing[here]])
        return total
