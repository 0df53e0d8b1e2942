"""New text from a language model: by chance, or the most probable one.

Sampling is one piece of graph, a loop that carries the states, so that a token costs one step of
the network whatever came before it; the export has it too.
"""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from seqtasks.datasets.token_vocabulary import EOS, UNKNOWN
from seqtasks.tasks import sampling
from seqtasks.tasks.lm.network import Network, States

Tensor = Any


class Beam(NamedTuple):
    """A text found by beam search: its ids behind the prompt, </s> included, and natural log p."""

    ids: tuple[int, ...]
    log_probability: float


def begin(network: Network, prompt: Tensor) -> tuple[Tensor, States]:
    """What the softmax is given after each prompt, (batch, size), and the states.

    prompt: int32 (batch, time), 0 behind the end of each; </s> is put before.
    """
    first = tf.fill((tf.shape(prompt)[0], 1), EOS)
    ids = tf.concat([first, prompt], axis=1)
    h, states = network(ids, network.first_states(tf.shape(ids)[0]), there=ids > 0)
    # a masked step repeats the output before it, so that the last one is that of the last token
    return h[:, -1], states


def sample(
    network: Network,
    prompt: Tensor,
    most: Tensor,
    temperature: Tensor,
    top_k: Tensor,
    top_p: Tensor,
    seed: Tensor,
    sentences: Tensor,
) -> tf.Tensor:
    """Ids that go on from each prompt, int32 (batch, tokens), 0 behind the end of each.

    Unknown words are never drawn: the others' probabilities are made to sum to 1 before anything
    else. See `sampling.kept` for temperature, top_k and top_p, `sampling.uniform` for the seed.

    most: tokens at most. sentences: a row ends with so many </s>; 0: only with `most`.
    """
    rows = tf.shape(prompt)[0]
    h, states = begin(network, prompt)

    def unfinished(number: Tensor, left: Tensor, *_: Any) -> Tensor:
        return (number < most) & tf.reduce_any(left != 0)

    def more(number: Tensor, left: Tensor, h: Tensor, states: Any, drawn: Any) -> tuple[Any, ...]:
        logits = _speakable(network.logits(h))
        chance = sampling.uniform(seed, number, rows)
        ids = sampling.draw(logits, chance, temperature, top_k, top_p)
        ids = tf.where(left == 0, 0, tf.ensure_shape(ids, left.shape))
        left = tf.where((ids == EOS) & (left > 0), left - 1, left)
        h, states = network.step(ids, states)
        return number + 1, left, h, states, drawn.write(number + 1, ids)

    drawn = tf.TensorArray(tf.int32, size=0, dynamic_size=True, element_shape=(None,))
    drawn = drawn.write(0, tf.zeros((rows,), tf.int32))  # an array of nothing cannot be stacked
    # counted down to 0; what begins below 0 never gets there
    left = tf.fill((rows,), tf.where(sentences > 0, sentences, -1))
    start = (tf.constant(0), left, h, states, drawn)
    drawn = tf.while_loop(unfinished, more, start, parallel_iterations=1)[-1]
    return tf.transpose(drawn.stack()[1:])


def _speakable(logits: Tensor) -> Tensor:
    """Without padding and unknown words."""
    unspoken = tf.range(tf.shape(logits)[-1]) <= UNKNOWN
    return tf.where(unspoken, -float("inf"), logits)


def beam_search(network: Network, prompt: np.ndarray, width: int, most: int) -> list[Beam]:
    """The most probable sentences that go on from a prompt, up to `width`, the best first.

    At each step the `width` most probable beginnings are kept. A sentence ends with </s>, or
    unfinished after `most` tokens; since more tokens never make it more probable, the search ends
    when no beginning can beat what was found.

    prompt: int32 (tokens,).
    """
    h, states = begin(network, tf.constant(prompt[None]))
    beginnings: list[tuple[int, ...]] = [()]
    totals = np.zeros(1)
    found: list[Beam] = []
    for _ in range(most):
        logs = tf.nn.log_softmax(_speakable(network.logits(h))).numpy().astype(np.float64)
        sums = (totals[:, None] + logs).ravel()
        best = np.argsort(-sums, kind="stable")[: 2 * width]
        best = best[np.isfinite(sums[best])]
        parents, tokens = np.divmod(best, logs.shape[1])
        ends = tokens == EOS
        found += [
            Beam((*beginnings[p], EOS), float(sums[i]))
            for i, p in zip(best[ends], parents[ends], strict=True)
        ]
        found = sorted(found, key=lambda beam: -beam.log_probability)[:width]
        alive = [(i, p, t) for i, p, t in zip(best, parents, tokens, strict=True) if t != EOS]
        alive = alive[:width]
        worst = found[-1].log_probability if len(found) == width else -np.inf
        if not alive or sums[alive[0][0]] <= worst:
            return found
        beginnings = [(*beginnings[p], int(t)) for _, p, t in alive]
        totals = sums[[i for i, _, _ in alive]]
        chosen = tf.constant([p for _, p, _ in alive])
        states = [[tf.gather(state, chosen) for state in layer] for layer in states]
        h, states = network.step(tf.constant([t for _, _, t in alive], tf.int32), states)
    found += [Beam(b, float(t)) for b, t in zip(beginnings, totals, strict=True)]
    return sorted(found, key=lambda beam: -beam.log_probability)[:width]
