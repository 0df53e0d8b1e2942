"""Exporting a music model as a SavedModel that needs TensorFlow alone."""

from pathlib import Path
from typing import Any

import tensorflow as tf

from seqtasks.tasks import run_directory, saved_model
from seqtasks.tasks.music.composer import Composer
from seqtasks.tasks.music.generation import Ask, following, sample
from seqtasks.tasks.music.network import States
from seqtasks.tasks.music.notation import HELD, NOTHING
from seqtasks.tasks.music.run import load
from seqtasks.tasks.music.token_tensors import pitch_of
from seqtasks.tasks.saved_model import Call

STEPS = 48  # of the pieces that the SavedModel and the run are compared on
_WHOLE, _REAL = tf.TensorSpec((), tf.int32), tf.TensorSpec((), tf.float32)


def export(model: Path, out: Path) -> tuple[Path, int]:
    """Write the music model of a run as `out/<next version>`, checked in a fresh process.

    Signature `serving_default`: genre int32 (batch,), 0 for none, and the scalars steps int32,
    temperature float32 (0: the likeliest tones), top_p float32 (1: all), seed int32 ->
    notes int32 (batch, steps, columns), MIDI pitches, 0 for silence; struck bool, the same shape;
    length int32 (batch,). Bars are of the metre commonest in training, the first one whole.

    Signature `step`: one time step of the same piece. notes int32 and struck bool, (batch,
    columns), of the step before (0 and False before the first); the number of the step, `step`
    int32, from 0; `state_<layer>_<number>` float32 (batch, units), 0 at first; and what
    `serving_default` takes -> notes and struck of the step, and the states after it. There the
    piece goes on until `steps`.

    Returns its directory, and on how many pieces it was compared.
    Raises TaskError if `model` is no run, if `out` cannot be written, or if the SavedModel does
    not do what the run does.
    """
    record = run_directory.read_config(model, "music")
    saved_model.check_place(out)
    composer = load(model)
    genres = [0, *range(1, len(composer.notation.genres) + 1)][:4]
    wish: dict[str, Any] = {
        "genre": genres,
        "steps": STEPS,
        "temperature": 0.9,
        "top_p": 0.95,
        "seed": 1,
    }
    generate, step = _generate(composer), _step(composer)
    whole = generate(**{k: tf.constant(v) for k, v in wish.items()})
    zeros = _before(composer, len(genres)).items()
    first: dict[str, Any] = {**wish, "step": 0, **{k: v.numpy().tolist() for k, v in zeros}}
    one = step(**{k: tf.constant(v) for k, v in first.items()})

    calls = Call("serving_default", wish, whole), Call("step", first, one)

    module = tf.Module()  # only what the signatures need: weights, no Keras object
    module.variables_ = [v.value for v in composer.network.variables]
    signatures = {"serving_default": generate, "step": step}
    return saved_model.save(module, signatures, out, record, calls)[0], len(genres)


def _generate(composer: Composer) -> Any:
    notation = composer.notation

    def generate(
        genre: tf.Tensor,
        steps: tf.Tensor,
        temperature: tf.Tensor,
        top_p: tf.Tensor,
        seed: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        ask = _ask(composer, genre, steps, temperature, top_p, seed)
        (tokens, length), _ = sample(composer.network, ask)
        behind = tf.maximum(steps - tf.shape(tokens)[1], 0)
        tokens = tf.pad(tokens, ((0, 0), (0, behind), (0, 0)))
        tokens = tf.ensure_shape(tokens, (None, None, notation.width))
        return {**_tones(tokens), "length": length}

    rows = tf.TensorSpec((None,), tf.int32)
    return tf.function(
        generate, autograph=False, input_signature=[rows, _WHOLE, _REAL, _REAL, _WHOLE]
    )


def _step(composer: Composer) -> Any:
    network = composer.network

    def step(**given: tf.Tensor) -> dict[str, tf.Tensor]:
        ask = _ask(composer, *(given[name] for name in wish))
        layers = network.first_states(1)
        states = tf.nest.pack_sequence_as(layers, [given[name] for name in _named(layers)])
        held = (given["notes"] > NOTHING) & ~given["struck"]
        before = given["notes"] + tf.where(held, HELD, 0)
        sounded = tf.fill(tf.shape(ask.genre), True)
        row, _, states = following(network, ask, given["step"], before, states, sounded)
        return {**_tones(row), **_named(states)}

    rows = tf.TensorSpec((None,), tf.int32)
    wish = {"genre": rows, "steps": _WHOLE, "temperature": _REAL, "top_p": _REAL, "seed": _WHOLE}
    specs = {
        name: tf.TensorSpec((None, *x.shape[1:]), x.dtype)
        for name, x in _before(composer, 1).items()
    }
    return tf.function(step, autograph=False).get_concrete_function(
        **{
            name: tf.TensorSpec(s.shape, s.dtype, name)
            for name, s in {**wish, **specs, "step": _WHOLE}.items()
        }
    )


def _before(composer: Composer, rows: int) -> dict[str, tf.Tensor]:
    """What `step` is given before the first step."""
    width = composer.notation.width
    return {
        "notes": tf.zeros((rows, width), tf.int32),
        "struck": tf.zeros((rows, width), tf.bool),
        **_named(composer.network.first_states(rows)),
    }


def _named(states: States) -> dict[str, tf.Tensor]:
    """States by the names that they have in the signature `step`, layer by layer."""
    return {f"state_{i}_{j}": s for i, layer in enumerate(states) for j, s in enumerate(layer)}


def _ask(
    composer: Composer,
    genre: tf.Tensor,
    steps: tf.Tensor,
    temperature: tf.Tensor,
    top_p: tf.Tensor,
    seed: tf.Tensor,
) -> Ask:
    # a genre that there is not is none
    known = (genre >= 0) & (genre <= len(composer.notation.genres))
    return Ask(
        genre=tf.where(known, genre, 0),
        steps=steps,
        bar=tf.constant(composer.notation.bar),
        place=tf.constant(0),
        countdown=tf.constant(composer.config.countdown),
        temperature=temperature,
        top_p=top_p,
        seed=tf.cast(seed, tf.int64),
        given=tf.zeros((0, composer.notation.width), tf.int32),
    )


def _tones(tokens: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"notes": pitch_of(tokens), "struck": (tokens > NOTHING) & (tokens <= HELD)}
