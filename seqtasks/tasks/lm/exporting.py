"""Exporting a language model as a SavedModel that takes raw strings."""

from pathlib import Path
from typing import Any

import tensorflow as tf

from seqtasks.tasks import loading, run_directory, saved_model
from seqtasks.tasks.lm.language_model import LanguageModel
from seqtasks.tasks.lm.run import EXAMPLES, load
from seqtasks.tasks.saved_model import Call

# Beside the run's own texts: what real input also holds.
ODD = ["", "   ", "naïve café — “quoted” 😀 it's", "Two lines.\nOf one text!", "word " * 300]
PROMPTS = 8  # of the texts that `generate` is compared on
WORDS = 3  # of each of them


def export(model: Path, out: Path) -> tuple[Path, float, int]:
    """Write the language model of a run as `out/<next version>`, checked in a fresh process.

    Signature `serving_default`: text (batch,) -> log_prob (batch,), natural; tokens, string, and
    token_log_probs, (batch, tokens), padded with "" and 0; </s> counted.
    Signature `generate`: prompt (batch,), and the scalars max_tokens, temperature (0: the most
    probable token), top_k (0: all), top_p (1: all), seed -> text (batch,), up to </s>, or, for
    running text in characters, of max_tokens. Needs TensorFlow alone.

    Returns its directory, the largest difference of a log probability, and on how many texts.
    Raises TaskError if `model` is no run, if `out` cannot be written, or if the SavedModel does
    not do what the run does.
    """
    record = run_directory.read_config(model, "lm")
    saved_model.check_place(out)
    trained = load(model)
    texts = loading.examples_of(model / EXAMPLES) + ODD
    generate = _generate(trained)
    expected = trained.serve(tf.constant(texts))
    prompts: dict[str, Any] = {
        "prompt": [" ".join(text.split()[:WORDS]) for text in texts[:PROMPTS]],
        "max_tokens": 20,
        "temperature": 0.8,
        "top_k": 50,
        "top_p": 0.95,
        "seed": 1,
    }
    spoken = generate(**{k: tf.constant(v) for k, v in prompts.items()})
    calls = (
        Call("serving_default", {"text": texts}, expected),
        Call("generate", prompts, spoken),
    )
    module = tf.Module()  # only what the signatures need: weights and tables, no Keras object
    module.variables_ = [v.value for v in trained.network.variables]
    module.tables = trained.tables
    signatures = {"serving_default": trained.serve, "generate": generate}
    directory, differences = saved_model.save(module, signatures, out, record, calls)
    return directory, differences[0], len(texts)


def _generate(model: LanguageModel) -> Any:
    """`LanguageModel.continued` with the number of sentences that the model's texts have."""

    def generate(
        prompt: tf.Tensor,
        max_tokens: tf.Tensor,
        temperature: tf.Tensor,
        top_k: tf.Tensor,
        top_p: tf.Tensor,
        seed: tf.Tensor,
    ) -> Any:
        seed = tf.cast(seed, tf.int64)
        sentences = tf.constant(model.sentences)
        return model.continued(prompt, max_tokens, temperature, top_k, top_p, seed, sentences)

    whole, real = tf.TensorSpec((), tf.int32), tf.TensorSpec((), tf.float32)
    return tf.function(
        generate,
        autograph=False,
        input_signature=[tf.TensorSpec((None,), tf.string), whole, real, whole, real, whole],
    )
