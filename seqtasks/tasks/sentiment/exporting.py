"""Exporting a classifier as a SavedModel that takes raw strings."""

from pathlib import Path

import tensorflow as tf

from seqtasks.tasks import loading, run_directory, saved_model
from seqtasks.tasks.saved_model import Call
from seqtasks.tasks.sentiment.run import EXAMPLES, load

# Beside the run's own texts: what real input also holds.
ODD = ["", "   ", "naïve café — “quoted” 😀 it's", "Two lines.\nOf one text!", "word " * 300]


def export(model: Path, out: Path) -> tuple[Path, float, int]:
    """Write the classifier of a run as `out/<next version>`, and check it in a fresh process.

    Signature `serving_default`: text (batch,) -> label (batch,) string, probability (batch,) and
    probabilities (batch, labels) float32, calibrated. Needs TensorFlow alone.

    Returns its directory, the largest difference of a probability, and on how many texts.
    Raises TaskError if `model` is no run, if `out` cannot be written, or if the SavedModel does
    not do what the run does.
    """
    record = run_directory.read_config(model, "sentiment")
    saved_model.check_place(out)
    classifier = load(model)
    texts = loading.examples_of(model / EXAMPLES) + ODD
    call = Call("serving_default", {"text": texts}, classifier.serve(tf.constant(texts)))
    module = tf.Module()  # only what the signature needs: weights and tables, no Keras object
    module.variables_ = [v.value for v in classifier.network.variables]
    module.tables = classifier.tables
    signatures = {"serving_default": classifier.serve}
    directory, (difference,) = saved_model.save(module, signatures, out, record, [call])
    return directory, difference, len(texts)
