"""Tensors of tokens: their pitches, and held over. See `notation`."""

from typing import Any

import tensorflow as tf

from seqtasks.tasks.music.notation import HELD, NOTHING

Tensor = Any


def pitch_of(tokens: Tensor) -> tf.Tensor:
    """The pitches that sound, struck or held; 0 where none does."""
    return tf.where(tokens > HELD, tokens - HELD, tokens)


def sounding(tokens: Tensor) -> tf.Tensor:
    """The pitches of steps: (…, columns) to bool (…, 127)."""
    return tf.reduce_any(pitch_of(tokens)[..., None] == tf.range(1, HELD + 1), axis=-2)


def held_over(tokens: Tensor) -> tf.Tensor:
    """The tokens of the same pitches, held over."""
    return tf.where((tokens > NOTHING) & (tokens <= HELD), tokens + HELD, tokens)
