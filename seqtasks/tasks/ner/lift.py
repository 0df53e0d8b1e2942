"""How readily words count as names: F1 on validation data, and the lift that makes it high.

A CRF trained for likelihood says O where it is in doubt, which on text with many unknown names
costs more recall than it wins precision; and types may be more or less common than they were in
training. So a number for each type is added to the scores of its tags before decoding (to find the
best F1 one would take an entity at a probability of F1/2, well below one half: Lipton, Elkan and
Naryanaswamy, "Optimal thresholding of classifiers to maximize F1 measure", 2014). Probabilities
that users see stay the model's own.
"""

import numpy as np
import tensorflow as tf

from seqtasks.datasets.batching import length_batches
from seqtasks.datasets.vocabulary import WordFeatures
from seqtasks.tasks import chunk_scores
from seqtasks.tasks.ner.data import SIGNATURE, Corpus
from seqtasks.tasks.ner.network import Network
from seqtasks.tasks.ner.tagger import BATCH_TOKENS

LIFTS = np.arange(0.0, 4.5, 0.5)  # tried for all types together, after each epoch
STEPS = np.arange(-1.5, 2.0, 0.5)  # tried for each type by itself, on the final weights
PASSES = 2  # through the types


class Validator:
    """F1 on the validation split, and the lift that makes it high.

    gold: the true tags, a sequence a sentence of `corpus`. search: whether to look for a lift.
    """

    def __init__(
        self, network: Network, corpus: Corpus, gold: list[tuple[str, ...]], search: bool
    ) -> None:
        self._network, self._corpus, self._gold, self._search = network, corpus, gold, search
        self._names = np.array(network.tags)
        self._types = sorted({tag[2:] for tag in network.tags if tag != "O"})
        self._type_of_tag = np.array([[tag[2:] == t for t in self._types] for tag in network.tags])
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
        """F1 and its parts with the best lift common to all types, which the network is given."""
        batches = self._score_batches()
        tried = LIFTS if self._search else LIFTS[:1]
        results = [self._result(batches, np.full(len(self._types), lift)) for lift in tried]
        best = steadiest([result["f1"] for result in results])
        self._set(np.full(len(self._types), tried[best]))
        chosen = results[best]
        return {
            "score": chosen["f1"],
            "F1": chosen["f1"],
            "precision": chosen["precision"],
            "recall": chosen["recall"],
        }

    def refine(self) -> None:
        """From the network's lift on, look for a better one for each type in turn."""
        if not self._search:
            return
        batches = self._score_batches()
        lift = np.array(list(self.lift_of_types().values()))
        for _ in range(PASSES):
            for i in range(len(self._types)):
                tried = [lift + step * (np.arange(len(lift)) == i) for step in STEPS]
                best = steadiest([self._result(batches, some)["f1"] for some in tried])
                lift = tried[best]
        self._set(lift)

    def lift_of_types(self) -> dict[str, float]:
        """What the network adds to the scores of each type."""
        lift = self._network.lift.numpy()
        return {
            name: float(lift[tags][0])
            for name, tags in zip(self._types, self._type_of_tag.T, strict=True)
        }

    def _set(self, lift: np.ndarray) -> None:
        self._network.lift.assign(self._type_of_tag @ lift)

    def _score_batches(self) -> list[tuple[np.ndarray, tf.Tensor, tf.Tensor]]:
        """The numbers of sentences, their scores and their masks, batch by batch."""
        batches = []
        for chosen in length_batches(self._corpus.lengths, BATCH_TOKENS):
            batch = [tf.constant(x) for x in self._corpus.batch(chosen)]
            batches.append((chosen, self._scores(*batch), batch[-1] > 0))
        return batches

    def _result(
        self, batches: list[tuple[np.ndarray, tf.Tensor, tf.Tensor]], lift: np.ndarray
    ) -> dict[str, float]:
        added = tf.constant(self._type_of_tag @ lift, tf.float32)
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
