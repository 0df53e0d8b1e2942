"""The CRF as a layer of Keras models: masks, policies, training, saving, export, errors."""

import re
import textwrap
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.layers import CRF, span_continuations, transition_constraints

NAMES = ["O", "B-X", "I-X", "B-Y", "I-Y"]


def words_and_tags(rows: int = 64, time: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Tags that only the order tells: an even word is O, the first odd one B-X, more are I-X."""
    rng = np.random.default_rng(0)
    words = rng.integers(2, 12, (rows, time))
    odd = words % 2
    after_odd = np.pad(odd[:, :-1], [(0, 0), (1, 0)])
    tags = odd + odd * after_odd
    padding = np.arange(time) >= rng.integers(2, time + 1, (rows, 1))
    return np.where(padding, 0, words), np.where(padding, 0, tags)


def build(**kwargs: Any) -> tuple[keras.Model, keras.Model, CRF]:
    """A model that trains, one that tags, and the layer that both share."""
    words = keras.Input((None,), dtype="int32")
    tags = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(12, 8, mask_zero=True)(words)
    scores = keras.layers.Dense(5)(x)
    crf = CRF(5, **{**transition_constraints(NAMES), **kwargs})
    return keras.Model([words, tags], crf(scores, tags=tags)), keras.Model(words, crf(scores)), crf


def test_example_of_the_docstring_learns() -> None:
    lines = re.search(r"( {8}words = .*?)\n\n", CRF.__doc__, re.DOTALL)
    words, tags = words_and_tags()
    example = textwrap.dedent(lines[1]).replace('"adam"', "keras.optimizers.Adam(0.05)")
    example = example.replace("epochs=10", "epochs=20, verbose=0")
    names = {"keras": keras, "CRF": CRF, "word_ids": words, "tag_ids": tags}
    keras.utils.set_random_seed(0)
    exec(example, names)
    np.testing.assert_array_equal(names["predicted"], tags)


def test_loss_is_the_mean_over_rows_and_knows_the_mask() -> None:
    trainer, _, crf = build()
    words, tags = words_and_tags()
    words[3], tags[3] = 0, 4  # a row without any word: neither its tags count nor itself
    dense = next(layer for layer in trainer.layers if isinstance(layer, keras.layers.Dense))
    scores = keras.Model(trainer.inputs[0], dense.output)(words)
    trainer.compile("adam")
    loss = trainer.evaluate([words, tags], batch_size=len(words), verbose=0)
    likelihood = np.delete(crf.log_likelihood(scores, tags, words > 0), 3)
    np.testing.assert_allclose(loss, -likelihood.mean(), rtol=1e-5)


def test_masks_travel_through_the_layer() -> None:
    _, tagger, _ = build()
    words, _ = words_and_tags()
    np.testing.assert_array_equal(tagger(words)._keras_mask, words > 0)
    crf = CRF(5)
    mask = tf.constant([[True, False]])
    np.testing.assert_array_equal(crf(tf.ones((1, 2, 5)), mask=mask)._keras_mask, mask)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_one_step_moves_every_weight(jit_compile: bool) -> None:
    trainer, _, _ = build()
    before = [weight.numpy() for weight in trainer.weights]
    trainer.compile("sgd", jit_compile=jit_compile)
    trainer.fit(words_and_tags(), verbose=0, shuffle=False)
    for old, weight in zip(before, trainer.weights, strict=True):
        assert np.any(old != weight.numpy()), weight.path


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16", "float64"])
def test_policies(policy: str) -> None:
    wide = "float64" if policy == "float64" else "float32"
    policy = keras.DTypePolicy(policy)
    crf = CRF(5, dtype=policy)
    scores = tf.cast(np.random.default_rng(0).normal(size=(2, 40, 5)), policy.compute_dtype)
    tags = crf(scores)
    assert tags.dtype == tf.int32
    assert all(weight.dtype == policy.variable_dtype for weight in crf.weights)
    for result in (crf.log_likelihood(scores, tags), crf.marginals(scores), crf.decode(scores)[1]):
        assert result.dtype == wide
    reference = CRF(5, dtype="float64")
    exact = reference.log_partition(tf.cast(scores, tf.float64))
    np.testing.assert_allclose(crf.log_partition(scores), exact, rtol=1e-6)
    assert CRF(5, dtype=policy).log_partition(tf.cast(scores, tf.float64)).dtype == tf.float64


def test_an_outer_layer_in_half_precision_does_not_reach_in() -> None:
    class Outer(keras.layers.Layer):
        def __init__(self, crf: CRF) -> None:
            super().__init__(dtype="mixed_float16")
            self.crf = crf

        def call(self, scores: Any) -> Any:
            return self.crf.log_partition(scores)

    crf = CRF(3, transitions_initializer=keras.initializers.Constant(1.0001), dtype="mixed_float16")
    scores = tf.ones((1, 50, 3))
    np.testing.assert_allclose(Outer(crf)(scores), crf.log_partition(scores), rtol=1e-6)
    assert crf.log_partition(scores)[0] > 50 * (1 + np.log(3)) + 49.004


def test_half_precision_trains() -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        trainer, _, _ = build()
    finally:
        keras.config.set_dtype_policy("float32")
    trainer.compile(keras.optimizers.Adam(0.05))
    losses = trainer.fit(words_and_tags(), epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 2


def test_configuration_round_trip() -> None:
    crf = CRF(
        5,
        **transition_constraints(NAMES, "IOB2"),
        use_boundary=False,
        transitions_initializer="orthogonal",
        transitions_regularizer=keras.regularizers.L2(0.1),
        boundary_constraint=keras.constraints.MaxNorm(2),
        name="tags",
        dtype="mixed_bfloat16",
    )
    again = keras.layers.deserialize(keras.layers.serialize(crf))
    assert again.get_config() == crf.get_config()
    again.build((None, None, 5))
    assert len(again.weights) == 1
    assert len(again.losses) == 1


def test_keras_file_round_trip(tmp_path: Path) -> None:
    trainer, tagger, _ = build(boundary_initializer="random_normal")
    words, tags = words_and_tags()
    trainer.compile("adam")
    trainer.fit([words, tags], verbose=0)
    for name, model, inputs in (("a", trainer, [words, tags]), ("b", tagger, words)):
        model.save(tmp_path / f"{name}.keras")
        loaded = keras.saving.load_model(tmp_path / f"{name}.keras")
        np.testing.assert_array_equal(loaded.predict(inputs, verbose=0), tagger(words))
        for weight, same in zip(model.weights, loaded.weights, strict=True):
            np.testing.assert_array_equal(weight, same)
    loaded = keras.saving.load_model(tmp_path / "a.keras")
    assert loaded.evaluate([words, tags], verbose=0) == trainer.evaluate([words, tags], verbose=0)


def test_saved_model_takes_any_size(tmp_path: Path) -> None:
    crf = CRF(5, **transition_constraints(NAMES))
    crf.build((None, None, 5))
    rng = np.random.default_rng(0)
    crf.set_weights([rng.normal(size=weight.shape) for weight in crf.weights])
    shapes = [tf.TensorSpec((None, None, 5)), tf.TensorSpec((None, None), tf.bool)]

    def serve(scores: Any, mask: Any) -> dict[str, Any]:
        tags, best = crf.decode(scores, mask)
        confidence = crf.span_log_probability(scores, tags, span_continuations(NAMES), mask)
        marginals = crf.marginals(scores, mask)
        return {"tags": tags, "best": best, "confidence": confidence, "marginals": marginals}

    module = tf.Module()
    module.crf = crf
    module.serve = tf.function(serve, input_signature=shapes)
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    for batch, time in [(3, 9), (1, 1), (2, 0), (0, 4), (0, 0)]:
        scores = tf.constant(rng.normal(size=(batch, time, 5)), tf.float32)
        mask = tf.constant(rng.random((batch, time)) < 0.7)
        got = loaded.serve(scores, mask)
        assert got["tags"].shape == (batch, time)
        for name, expected in serve(scores, mask).items():
            np.testing.assert_allclose(got[name], expected, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("num_tags", [0, -3, 2.5, "5", True, None])
def test_number_of_tags_is_checked(num_tags: Any) -> None:
    with pytest.raises(ValueError, match=r"`num_tags` must be a positive integer, got"):
        CRF(num_tags)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("forbidden_transitions", [[True]]),
        ("forbidden_starts", [True, False]),
        ("forbidden_ends", [0.5, 0, 0]),
        ("forbidden_ends", "yes"),
    ],
)
def test_constraints_are_checked(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"`{name}` must be booleans of shape"):
        CRF(3, **{name: value})


def test_shapes_are_checked() -> None:
    crf, scores, tags = CRF(3), tf.ones((2, 4, 3)), tf.zeros((2, 4), tf.int32)
    with pytest.raises(ValueError, match=r"`scores` must have shape \(batch, time, 3\), got"):
        crf.decode(tf.ones((2, 4, 5)))
    with pytest.raises(ValueError, match=r"`scores` must have shape"):
        CRF(3)(tf.ones((2, 4, 5)))
    with pytest.raises(ValueError, match=r"`tags` must have shape \(batch, time\) = \(2, 4\), got"):
        crf.log_likelihood(scores, tags[:, :3])
    with pytest.raises(ValueError, match=r"`tags` must be integers, got float32"):
        crf.log_likelihood(scores, tf.ones((2, 4)))
    with pytest.raises(ValueError, match=r"`mask` must have shape \(batch, time\)"):
        crf.decode(scores, tf.ones((2, 4, 1), tf.bool))
    with pytest.raises(ValueError, match=r"`continues` must be booleans"):
        crf.span_log_probability(scores, tags, [[True]])
    with pytest.raises(tf.errors.InvalidArgumentError):
        crf.log_likelihood(scores, tags + 3)
