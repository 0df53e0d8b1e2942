"""What is saved is what is loaded: configurations, .keras files, SavedModels."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.layers import GRU, LSTM, Bidirectional, GRUCell, LSTMCell
from tests.layers.recurrent_kinds import (
    FEATURES,
    KINDS,
    MASK,
    UNITS,
    assert_close,
    inputs,
    states,
    with_weights,
)

SHARED = {
    "units": 3,
    "activation": "relu",
    "recurrent_activation": "hard_sigmoid",
    "use_bias": False,
    "kernel_initializer": keras.initializers.HeNormal(seed=1),
    "recurrent_initializer": "zeros",
    "bias_initializer": keras.initializers.Constant(2),
    "kernel_regularizer": keras.regularizers.L1(0.25),
    "recurrent_regularizer": "l2",
    "bias_regularizer": keras.regularizers.L2(0.5),
    "kernel_constraint": keras.constraints.MaxNorm(3),
    "recurrent_constraint": "non_neg",
    "bias_constraint": "unit_norm",
    "dropout": 0.125,
    "recurrent_dropout": 0.25,
    "seed": 7,
    "dtype": "mixed_bfloat16",
    "name": "a_name",
    "trainable": False,
}
OF_LSTM = {
    "peephole": True,
    "peephole_initializer": "ones",
    "peephole_regularizer": keras.regularizers.L1(0.75),
    "peephole_constraint": "non_neg",
    "unit_forget_bias": False,
}
OF_LAYER = {
    "return_sequences": True,
    "return_state": True,
    "go_backwards": True,
    "stateful": True,
    "unroll": True,
    "zero_output_for_mask": True,
    "activity_regularizer": keras.regularizers.L2(0.125),
}


@pytest.mark.parametrize(
    "cls, own",
    [
        (GRUCell, {"relevance_gate": False}),
        (LSTMCell, OF_LSTM),
        (GRU, {"relevance_gate": False, **OF_LAYER}),
        (LSTM, {**OF_LSTM, **OF_LAYER}),
    ],
)
def test_every_argument_survives_the_configuration(cls, own):
    """No argument is at its default, so that one that is forgotten shows."""
    config = cls(**SHARED, **own).get_config()
    assert set(config) == {*SHARED, *own}
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(cls.from_config(config))
    )
    assert again.get_config() == config
    default = cls(3).get_config()
    unchanged = {name for name in config if name in default and config[name] == default[name]}
    assert unchanged == {"units"}


@pytest.mark.parametrize("mode", ["concat", None])
def test_bidirectional_configuration(mode):
    layer = Bidirectional(
        GRU(UNITS), mode, backward_layer=LSTM(UNITS, peephole=True, go_backwards=True), name="both"
    )
    config = layer.get_config()
    again = Bidirectional.from_config(config)
    assert again.get_config() == config
    assert again.forward_layer.name == layer.forward_layer.name
    assert isinstance(again.backward_layer, LSTM) and again.backward_layer.peephole


def network(kind, bidirectional):
    inner = KINDS[kind](UNITS, return_sequences=True, return_state=True, dropout=0.5)
    layer = with_weights(Bidirectional(inner) if bidirectional else inner)
    sequences = keras.Input((None, FEATURES))
    mask = keras.Input((None,), dtype="bool")
    return layer, keras.Model([sequences, mask], layer(sequences, mask=mask))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_keras_file_round_trip(kind, bidirectional, tmp_path):
    layer, model = network(kind, bidirectional)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    if not bidirectional:  # Keras itself turns the shapes beside nested layers into lists
        assert again.layers[-1].get_config() == layer.get_config()
    assert_close(again([inputs(), MASK]), model([inputs(), MASK]), 0)


@pytest.mark.parametrize("kind", KINDS)
def test_saved_model_takes_any_batch_and_time(kind, tmp_path):
    _, model = network(kind, bidirectional=True)
    archive = keras.export.ExportArchive()
    archive.track(model)
    spec = [tf.TensorSpec((None, None, FEATURES)), tf.TensorSpec((None, None), "bool")]
    archive.add_endpoint("serve", lambda x, mask: model([x, mask]), input_signature=spec)
    archive.write_out(tmp_path, verbose=False)
    loaded = tf.saved_model.load(tmp_path)
    for batch, time in ((5, 5), (2, 3), (1, 9), (2, 0)):
        x, mask = inputs(batch, time), np.resize(MASK, (batch, time))
        assert_close(loaded.serve(x, mask), model([x, mask]))


def test_saved_model_needs_tensorflow_alone(tmp_path):
    _, model = network("peephole lstm", True)
    model.export(tmp_path / "exported", verbose=False)
    check = (
        "import sys; sys.modules['seqtasks'] = sys.modules['keras'] = None\n"
        "import tensorflow as tf\n"
        f"loaded = tf.saved_model.load({str(tmp_path / 'exported')!r})\n"
        "y = loaded.serve([tf.ones((2, 3, 3)), tf.ones((2, 3), tf.bool)])\n"
        "print(*tf.reshape(y[0], [-1]).numpy())"
    )
    run = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    expected = model([np.ones((2, 3, 3), "float32"), np.ones((2, 3), bool)])[0]
    np.testing.assert_allclose(
        np.array(run.stdout.split(), float), np.ravel(expected), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("kind", KINDS)
def test_initial_states_of_a_saved_model(kind, tmp_path):
    """States in and out, so that a decoder can be run a step at a time."""
    layer = with_weights(KINDS[kind](UNITS, return_state=True))
    x, initial = inputs(), states(layer)
    module = tf.Module()
    module.layer = layer
    spec = [tf.TensorSpec((None, None, FEATURES)), *[tf.TensorSpec((None, UNITS))] * len(initial)]
    module.step = tf.function(lambda x, *s: layer(x, initial_state=list(s)), input_signature=spec)
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    given = initial
    for t in range(x.shape[1]):
        output, *given = loaded.step(x[:, t : t + 1], *given)
    assert_close([output, *given], layer(x, initial_state=initial))
