"""Training a language model, and loading one."""

import dataclasses
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from seqtasks.datasets.source import Source
from seqtasks.datasets.token_vocabulary import TokenVocabulary
from seqtasks.tasks import loading, run_directory, training
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.lm.config import Config, check, resolve
from seqtasks.tasks.lm.data import SIGNATURE, Corpus, cut, running, running_steps, separate
from seqtasks.tasks.lm.evaluation import figures_of
from seqtasks.tasks.lm.language_model import LanguageModel
from seqtasks.tasks.lm.network import Network
from seqtasks.tasks.run_record import check_unchanged, record
from seqtasks.tasks.training_plan import plan
from seqtasks.tasks.training_run import TrainingRun, claimed

VOCABULARY = "vocabulary.json"
EXAMPLES = "examples.json"  # the first validation texts, for `export` to compare on


def train(
    config: Config,
    data: Source[str],
    out: Path,
    overwrite: bool = False,
    resume: bool = False,
    say: Callable[[str], None] = print,
    shares: str | None = None,
) -> dict[str, Any]:
    """Train on `data` and leave a run directory at `out`; returns the validation figures.

    config: the settings.
    overwrite: replace a run, or an unfinished one, that is there.
    resume: go on with an unfinished run; its own configuration counts.
    say: is given lines for the user.
    shares: what `data` was cut by, if it was; `evaluate` cuts it so.
    Raises TaskError for settings that are wrong, and for a place that is taken; Interrupted when
    a signal stops it; FloatingPointError if it went wrong, once the last good weights are kept.
    """
    config = check(config)
    with claimed(out, overwrite, resume) as run:
        return _train(config, data, run, say, shares)


def _train(
    config: Config,
    data: Source[str],
    run: TrainingRun,
    say: Callable[[str], None],
    shares: str | None,
) -> dict[str, Any]:
    given = dataclasses.asdict(config)
    training.start_tensorflow(config.seed, config.threads)
    for note in data.notes:
        say(note)
    if config.lowercase is None:
        capitals = any(text != text.lower() for text in data.splits["train"])
        config = dataclasses.replace(config, lowercase=not capitals)
    texts = {name: cut(data.splits[name], config) for name in ("train", "dev")}
    tokens = len(texts["train"].numbers)
    config = resolve(config, tokens, len(texts["train"].lengths))
    vocabulary = TokenVocabulary.count(
        texts["train"].counts(), config.vocabulary_size or 0, config.minimum_count
    )
    if not vocabulary.tokens:
        raise TaskError(
            f"{data.name}: no token is left to know; lower --minimum-count, raise "
            "--vocabulary-size, or give it more text"
        )
    lengths = {name: len(text.numbers) for name, text in texts.items()}
    begun = run.record(record("lm", config, data, shares=shares, tokens=lengths), given, say)
    if run.resume:
        config = _settings(run.staging, begun)
        training.start_tensorflow(config.seed, config.threads)  # the seed it was begun with
    network = build_model(config, vocabulary)
    model = LanguageModel(network, vocabulary)
    corpus, validation = (Corpus(texts[name], model.encoder) for name in ("train", "dev"))
    say(_summary(config, vocabulary, corpus, validation, network))
    run.begin(begun)

    def figures() -> dict[str, float]:
        found = figures_of(model, validation)
        nats = found["nats_per_token"]
        return {"validation loss": nats, "perplexity": found["perplexity"], "score": -nats}

    loss, carried = training_loss(network)
    fitted = training.fit(
        network,
        loss,
        SIGNATURE,
        lambda epoch: _batches(config, corpus, epoch),
        figures,
        plan(config, _steps(config, corpus)),
        run.checkpoint,
        carried,
    )
    scores = figures_of(model, validation)
    vocabulary.save(run.staging / VOCABULARY)
    run_directory.write_json(run.staging / EXAMPLES, _examples(data.splits["dev"]))
    run.finish(network, fitted, "perplexity", {"dev": scores})
    return scores


def build_model(config: Config, vocabulary: TokenVocabulary) -> Network:
    """The network of a resolved `config` for a `vocabulary`, with fresh weights."""
    return Network(config, len(vocabulary))


def load(model: Path) -> LanguageModel:
    """The language model of the run directory `model`.

    Raises TaskError if there is none, or if a file of it is broken.
    """
    record = run_directory.read_config(model, "lm")
    config = _settings(model, record)
    vocabulary = loading.built(model, lambda: TokenVocabulary.load(model / VOCABULARY))
    size = config.embedding_size or 0
    numbers = len(vocabulary) * size + loading.recurrent_numbers(config, size)
    weights = loading.weights_for(model, config.layers or 0, numbers)
    loaded: LanguageModel = loading.built(
        model, lambda: LanguageModel(build_model(config, vocabulary), vocabulary)
    )
    run_directory.set_weights(loaded.network, weights, model / run_directory.WEIGHTS)
    check_unchanged(model, record)
    return loaded


def training_loss(network: Network) -> tuple[Callable[..., tf.Tensor], list[tf.Variable]]:
    """The training loss of a batch, and the variables in which it hands states on.

    Over running text states go on from one batch to the next; separate sentences have none.
    """

    def separate_loss(given: tf.Tensor, wanted: tf.Tensor, fresh: tf.Tensor) -> tf.Tensor:
        h, _ = network(given, training=True)
        return network.loss_of(h, wanted)

    if network.config.separate:
        return separate_loss, []
    carried = [
        [tf.Variable(state, trainable=False) for state in layer]
        for layer in network.first_states(network.config.batch_size)
    ]

    def running_loss(given: tf.Tensor, wanted: tf.Tensor, fresh: tf.Tensor) -> tf.Tensor:
        keep = 1.0 - tf.cast(fresh, tf.float32)
        states = [[state * keep for state in layer] for layer in carried]
        h, after = network(given, states, training=True)
        for old, new in zip(carried, after, strict=True):
            for variable, state in zip(old, new, strict=True):
                variable.assign(state)
        return network.loss_of(h, wanted)

    return running_loss, [state for layer in carried for state in layer]


def _batches(config: Config, corpus: Corpus, epoch: int) -> Iterable[tuple[np.ndarray, ...]]:
    batch_size, steps = config.batch_size or 0, config.steps or 0
    if config.separate:
        return separate(corpus.rows(), batch_size, config.seed, epoch)
    return running(corpus.ids, batch_size, steps, config.seed, epoch)


def _steps(config: Config, corpus: Corpus) -> int:
    """Batches an epoch."""
    batch_size, steps = config.batch_size or 1, config.steps or 1
    if config.separate:
        return -(-len(corpus.rows()) // batch_size)
    return running_steps(len(corpus.ids), batch_size, steps)


def _summary(
    config: Config,
    vocabulary: TokenVocabulary,
    corpus: Corpus,
    validation: Corpus,
    network: Network,
) -> str:
    what = "words" if config.level == "word" else "characters"
    return (
        f"{len(corpus.ids):,} {what} to train, {len(validation.ids):,} to validate, </s> counted; "
        f"{len(vocabulary.tokens):,} known, {100 * validation.unknown_rate():.1f}% of those to "
        f"validate unknown; {network.count_params():,} weights"
    )


def _examples(documents: list[str]) -> list[str]:
    """Short texts for `export` to compare on: the first lines that are not empty."""
    lines = [line for text in documents[:200] for line in text[:20_000].split("\n") if line.strip()]
    return [line[:500] for line in lines[:50]]


def _settings(place: Path, record: dict[str, Any]) -> Config:
    """The settings of the run, finished or not, at `place`."""
    return loading.settings_of(place, record, Config, lambda config: resolve(check(config), 1, 1))
