"""Tensors of tokens: their pitches, those that sound, held over. See `notation`."""

from typing import Any

import tensorflow as tf

from seqtasks.tasks.music.notation import HELD, NOTHING

Tensor = Any
DEGREES = 13  # 1 + semitones above the tonic; 0: not known


def pitch_of(tokens: Tensor) -> tf.Tensor:
    """The pitches that sound, struck or held; 0 where none does."""
    return tf.where(tokens > HELD, tokens - HELD, tokens)


def sounding(tokens: Tensor) -> tf.Tensor:
    """The pitches of steps: (…, columns) to bool (…, 127)."""
    return tf.reduce_any(pitch_of(tokens)[..., None] == tf.range(1, HELD + 1), axis=-2)


def held_over(tokens: Tensor) -> tf.Tensor:
    """The tokens of the same pitches, held over."""
    return tf.where((tokens > NOTHING) & (tokens <= HELD), tokens + HELD, tokens)


def degree_of(tokens: Tensor, tonic: Tensor) -> tf.Tensor:
    """1 + semitones above the tonic, 1 to 12, in whatever octave; 0 for silence, or no tonic."""
    pitch = pitch_of(tokens)
    return tf.where((pitch > 0) & (tonic > 0), (pitch - tonic + 1) % 12 + 1, 0)


def interval(low: Tensor, high: Tensor, most: int) -> tf.Tensor:
    """1 + `most` + the distance from one pitch to another, up to `most`; 0 for silence."""
    distance = tf.clip_by_value(high - low, -most, most) + most + 1
    return tf.where((low > 0) & (high > 0), distance, 0)
