"""Exporting a tagger as a SavedModel that takes raw strings."""

from pathlib import Path

import tensorflow as tf

from seqtasks.datasets.vocabulary import ragged
from seqtasks.tasks import loading, run_directory, saved_model
from seqtasks.tasks.ner.run import EXAMPLES, load
from seqtasks.tasks.ner.tagger import Tagger
from seqtasks.tasks.saved_model import Call

# Beside the run's own sentences: what real input also holds.
ODD = ["", "   ", "naïve café — “quoted” 😀 it's", "Two sentences. In one text!\nAnd a line."]


def export(model: Path, out: Path) -> tuple[Path, float, int]:
    """Write the tagger of a run as `out/<next version>`, and check it in a fresh process.

    Signatures: `serving_default`, text (batch,) -> tokens, tags (batch, tokens) strings, start,
    end int32 bytes, confidence float32; `tokens`, tokens (batch, time) -> tags, confidence.
    Padding is "" and 0. Needs TensorFlow alone.

    Returns its directory, the largest difference of a confidence, and on how many texts.
    Raises TaskError if `model` is no run, if `out` cannot be written, or if the SavedModel does
    not do what the run does.
    """
    record = run_directory.read_config(model, "ner")
    saved_model.check_place(out)
    tagger = load(model)
    examples = loading.examples_of(model / EXAMPLES, words=True)
    signatures = {"serving_default": tagger.serve_text, "tokens": tagger.serve_tokens}
    texts = [" ".join(tokens) for tokens in examples] + ODD
    tokens = ragged(examples).to_tensor()
    padded = [[word.decode() for word in row] for row in tokens.numpy()]
    calls = (
        Call("serving_default", {"text": texts}, tagger.serve_text(tf.constant(texts))),
        Call("tokens", {"tokens": padded}, tagger.serve_tokens(tokens)),
    )
    directory, differences = saved_model.save(_bare(tagger), signatures, out, record, calls)
    return directory, max(differences), len(texts)


def _bare(tagger: Tagger) -> tf.Module:
    """Only what the signatures need: weights and tables, no Keras object."""
    module = tf.Module()
    module.variables_ = [v.value for v in tagger.network.variables]
    module.tables = tagger.tables
    return module
