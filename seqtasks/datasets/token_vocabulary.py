"""The vocabulary of a language model: words or characters as they are, and three marks.

Id 0 is padding, id 1 everything unknown, id 2 the end of a sentence or line. The tokens known
follow, the commonest first. It is counted on the training split alone.
"""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.vocabulary_file import MEND, read_counted

PADDING, UNKNOWN, EOS = 0, 1, 2
FIRST = 3  # the id of the first known token
UNKNOWN_MARK, EOS_MARK = "<unk>", "</s>"


@dataclass(frozen=True)
class TokenVocabulary:
    """The known tokens, without the marks, and how often each stands in the training split."""

    tokens: tuple[str, ...]
    counts: tuple[int, ...]

    @classmethod
    def count(cls, counts: Counter[str], size: int = 0, minimum: int = 1) -> "TokenVocabulary":
        """The commonest tokens.

        counts: of the training split; marks among them are left out.
        size: that many ids at most, unknown and end included, padding not (0: all).
        minimum: how often a token has to come.
        """
        known = [
            (token, n)
            for token, n in counts.items()
            if n >= minimum and token not in (UNKNOWN_MARK, EOS_MARK)
        ]
        # equals in order of their letters, so that the order of the files is nothing
        known.sort(key=lambda item: (-item[1], item[0]))
        known = known[: max(size - 2, 0)] if size else known
        return cls(tuple(token for token, _ in known), tuple(n for _, n in known))

    def __len__(self) -> int:
        """How many ids there are, padding included."""
        return FIRST + len(self.tokens)

    @property
    def shown(self) -> list[str]:
        """What each id is to a reader: "" for padding, marks, tokens."""
        return ["", UNKNOWN_MARK, EOS_MARK, *self.tokens]

    def table(self) -> tf.lookup.StaticHashTable:
        """From tokens, string, to ids, int32; the mark of the end is EOS, strangers UNKNOWN."""
        keys = tf.constant([EOS_MARK, *self.tokens], tf.string)
        values = tf.range(EOS, EOS + 1 + len(self.tokens))
        return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), UNKNOWN)

    def save(self, path: Path) -> None:
        """Write as JSON."""
        record = {"tokens": self.tokens, "counts": self.counts}
        path.write_text(json.dumps(record, ensure_ascii=False), "utf-8")

    @classmethod
    def load(cls, path: Path) -> "TokenVocabulary":
        """Read what `save` wrote; DataError for anything else."""
        _, tokens, counts = read_counted(path, "tokens")
        if EOS_MARK in tokens:
            raise DataError(path, f"`tokens` has the mark {EOS_MARK}", MEND)
        return cls(tokens, counts)
