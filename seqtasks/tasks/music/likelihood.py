"""How probable known steps are: the loss of training, and the figures of an evaluation."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from seqtasks.tasks.music.network import Network, States
from seqtasks.tasks.music.notation import NOTHING, STILL
from seqtasks.tasks.music.token_tensors import held_over

Tensor = Any


class Nats(NamedTuple):
    """−ln p, float32 (batch, time): of the tones of each step, and of its being there at all.

    `ends` is that of the piece going on at each step, and of its being over behind the last one.
    """

    tones: tf.Tensor
    ends: tf.Tensor


def nats(
    network: Network, batch: Sequence[Tensor], states: States | None = None, training: bool = False
) -> tuple[Nats, States, tf.Tensor]:
    """The nats of a batch as `data.SIGNATURE` says, the states behind it, and its s<t>."""
    tokens, before, clock, genre, length, over = batch
    given = tf.concat([before[:, None], tokens[:, :-1]], axis=1)
    s, states = network(given, clock, genre, states, training=training)
    there = asked(tokens, length, bool(network.notation.voices))
    wanted = tokens
    if network.notation.ties:
        still = tf.reduce_all(tokens == held_over(given), axis=2, keepdims=True)
        first = tf.range(tf.shape(tokens)[2]) == 0
        there &= first | ~still
        wanted = tf.where(first & still, STILL, tokens)
    logits = network.note_logits(network.tones(s, given, tokens, genre, there), training)
    index = tf.where(there)
    found = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather_nd(wanted, index), logits)
    tones = tf.scatter_nd(index[:, :2], found, tf.shape(tokens, out_type=tf.int64)[:2])
    step = tf.range(tf.shape(tokens)[1])[None]
    ended = (step == length[:, None]) & over[:, None]
    known = ((step < length[:, None]) | ended) & (clock[..., 3] == 0)  # no piece ends at its start
    ends = tf.nn.sigmoid_cross_entropy_with_logits(
        tf.cast(ended, tf.float32), network.end_logits(s)
    )
    return Nats(tones, tf.where(known, ends, 0.0)), states, s


def asked(tokens: Tensor, length: Tensor, voices: bool) -> tf.Tensor:
    """Which tokens of a batch are to be foreseen, bool (batch, time, columns).

    Of voices all; of a set its tones and the token that ends it.
    """
    step = tf.range(tf.shape(tokens)[1])[None, :, None] < length[:, None, None]
    if voices:
        return step & tf.ones_like(tokens, tf.bool)
    first = tf.ones_like(tokens[..., :1], tf.bool)
    return step & tf.concat([first, tokens[..., :-1] != NOTHING], axis=-1)


def training_loss(network: Network) -> Any:
    """Nats a time step of a batch, in training mode: a scalar."""

    def loss(*batch: tf.Tensor) -> tf.Tensor:
        found, *_ = nats(network, batch, training=True)
        steps = tf.cast(tf.reduce_sum(batch[4]), tf.float32)
        return tf.reduce_sum(found.tones + found.ends) / steps

    return loss
