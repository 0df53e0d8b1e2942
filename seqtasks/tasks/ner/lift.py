"""How readily words count as names: F1 on validation data, and the lift that makes it high.

A CRF trained for likelihood says O where it is in doubt, which on text with many unknown names
costs more recall than it wins precision. So a number is added to the scores of all tags but O
before decoding (to find the best F1 one would take an entity at a probability of F1/2, well below
one half: Lipton, Elkan and Naryanaswamy, "Optimal thresholding of classifiers to maximize F1
measure", 2014). Probabilities that users see stay the model's own.
"""

import numpy as np
import tensorflow as tf

from seqtasks.datasets.batching import length_batches
from seqtasks.datasets.vocabulary import WordFeatures
from seqtasks.tasks import chunk_scores
from seqtasks.tasks.ner.data import SIGNATURE, Corpus
from seqtasks.tasks.ner.network import Network
from seqtasks.tasks.ner.tagger import BATCH_TOKENS

LIFTS = np.arange(0.0, 4.5, 0.5)  # tried after each epoch


class Validator:
    """F1 on the validation split, and the lift that makes it high.

    gold: the true tags, a sequence a sentence of `corpus`. search: whether to look for a lift.
    """

    def __init__(
        self, network: Network, corpus: Corpus, gold: list[tuple[str, ...]], search: bool
    ) -> None:
        self._network, self._corpus, self._gold, self._search = network, corpus, gold, search
        self._names = np.array(network.tags)
        self._named = (self._names != "O").astype(np.float32)
        self._scores = tf.function(
            lambda word, shape, letters, place: network(WordFeatures(word, shape, letters), place),
            autograph=False,
            input_signature=SIGNATURE[:4],
        )
        self._decode = tf.function(
            network.decode,
            autograph=False,
            input_signature=[
                tf.TensorSpec((None, None, len(network.tags))),
                tf.TensorSpec((None, None), tf.bool),
                tf.TensorSpec((len(network.tags),)),
            ],
        )

    def figures(self) -> dict[str, float]:
        """F1 and its parts with the best lift, which the network is given."""
        batches = self._score_batches()
        tried = LIFTS if self._search else LIFTS[:1]
        results = [self._result(batches, lift) for lift in tried]
        best = steadiest([result["f1"] for result in results])
        self._network.lift.assign(tried[best] * self._named)
        chosen = results[best]
        return {
            "score": chosen["f1"],
            "F1": chosen["f1"],
            "precision": chosen["precision"],
            "recall": chosen["recall"],
        }

    def _score_batches(self) -> list[tuple[np.ndarray, tf.Tensor, tf.Tensor]]:
        """The numbers of sentences, their scores and their masks, batch by batch."""
        batches = []
        for chosen in length_batches(self._corpus.lengths, BATCH_TOKENS):
            batch = [tf.constant(x) for x in self._corpus.batch(chosen)]
            batches.append((chosen, self._scores(*batch), batch[-1] > 0))
        return batches

    def _result(
        self, batches: list[tuple[np.ndarray, tf.Tensor, tf.Tensor]], lift: float
    ) -> dict[str, float]:
        added = tf.constant(lift * self._named, tf.float32)
        found: list[list[str]] = [[] for _ in self._gold]
        for chosen, scores, mask in batches:
            tags = self._names[self._decode(scores, mask, added).numpy()]
            for i, row in zip(chosen, tags, strict=True):
                found[i] = row[: self._corpus.lengths[i]].tolist()
        return chunk_scores.score(self._gold, found)


def steadiest(scores: list[float]) -> int:
    """The place of the highest score, each averaged with its neighbours (weights 1, 2, 1)."""
    padded = np.pad(scores, 1, mode="edge")
    return int(np.argmax(padded[:-2] + 2 * padded[1:-1] + padded[2:]))
