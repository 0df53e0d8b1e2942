"""Training a language model, and loading one."""

import dataclasses
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from seqtasks.datasets.source import Source
from seqtasks.datasets.token_vocabulary import TokenVocabulary
from seqtasks.tasks import plots, run_directory, training
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.lm.config import Config, check, resolve
from seqtasks.tasks.lm.data import SIGNATURE, Corpus, cut, running, running_steps, separate
from seqtasks.tasks.lm.evaluation import figures_of
from seqtasks.tasks.lm.language_model import LanguageModel
from seqtasks.tasks.lm.network import Network

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

    overwrite: replace a run, or an unfinished one, that is there.
    resume: go on with an unfinished run; its own configuration counts.
    say: is given lines for the user.
    shares: what `data` was cut by, if it was; `evaluate` cuts it so.
    Raises TaskError for settings that are wrong, and for a place that is taken.
    """
    config = check(config)
    run_directory.check_place(out, overwrite, resume)
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
    record: dict[str, Any] = {
        "task": "lm",
        "config": dataclasses.asdict(config),
        "data": {
            "source": data.name,
            "fingerprint": data.fingerprint,
            "shares": shares,
            "tokens": {name: len(text.numbers) for name, text in texts.items()},
        },
        "versions": run_directory.versions(),
    }
    if resume:
        record = run_directory.same_as_begun(
            run_directory.open_staging(out, overwrite, resume), record
        )
        config = Config(**record["config"])
        training.start_tensorflow(config.seed, config.threads)  # the seed it was begun with
    network = build_model(config, vocabulary)
    model = LanguageModel(network, vocabulary)
    corpus, validation = (Corpus(texts[name], model.encoder) for name in ("train", "dev"))
    say(_summary(config, vocabulary, corpus, validation, network))
    staging = run_directory.open_staging(out, overwrite, resume)
    run_directory.write_json(staging / run_directory.CONFIG, record)
    (staging / "checkpoints").mkdir(exist_ok=True)

    def figures() -> dict[str, float]:
        found = figures_of(model, validation)
        nats = found["nats_per_token"]
        return {"validation loss": nats, "perplexity": found["perplexity"], "score": -nats}

    history = training.fit(
        network,
        training_loss(network),
        SIGNATURE,
        lambda epoch: _batches(config, corpus, epoch),
        figures,
        training.plan(config, _steps(config, corpus)),
        staging / "checkpoints" / "last.npz",
    )
    scores = figures_of(model, validation)
    run_directory.write_json(staging / EXAMPLES, _examples(data.splits["dev"]))
    _write_run(staging, network, vocabulary, history, scores)
    run_directory.commit(staging, out)
    # last, so that a process that dies before it is done has not lost its training
    shutil.rmtree(out / "checkpoints", ignore_errors=True)
    return scores


def build_model(config: Config, vocabulary: TokenVocabulary) -> Network:
    """The network of a resolved configuration, with fresh weights."""
    return Network(config, len(vocabulary))


def load(model: Path) -> LanguageModel:
    """The language model of a run directory.

    Raises TaskError if there is none, or if a file of it is broken.
    """
    record = run_directory.read_config(model, "lm")
    try:
        config = Config(**record["config"])
        vocabulary = TokenVocabulary.load(model / VOCABULARY)
        loaded = LanguageModel(build_model(config, vocabulary), vocabulary)
    except (OSError, ValueError, TypeError, KeyError, tf.errors.OpError) as error:
        reason = str(error).splitlines()[0]
        raise TaskError(f"{model}: the run is broken ({reason}); train it anew") from None
    path = model / run_directory.WEIGHTS
    run_directory.set_weights(loaded.network, run_directory.load_arrays(path), path)
    return loaded


def training_loss(network: Network) -> Callable[..., tf.Tensor]:
    """The training loss of a batch; over running text, states go on from one to the next."""

    def separate_loss(given: tf.Tensor, wanted: tf.Tensor, fresh: tf.Tensor) -> tf.Tensor:
        h, _ = network(given, training=True)
        return network.loss_of(h, wanted)

    if network.config.separate:
        return separate_loss
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

    return running_loss


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


def _write_run(
    staging: Path,
    network: Network,
    vocabulary: TokenVocabulary,
    history: list[dict[str, float]],
    scores: dict[str, Any],
) -> None:
    """What training leaves, beside the configuration that is there already."""
    best = max(history, key=lambda row: row["score"])
    metrics = {"dev": scores, "best_epoch": best["epoch"]}
    vocabulary.save(staging / VOCABULARY)
    run_directory.save_arrays(staging / run_directory.WEIGHTS, run_directory.weights_of(network))
    training.write_history(staging / "history.csv", history)
    plots.curves(staging / "curves.png", history, "perplexity", best["epoch"])
    run_directory.write_json(staging / "metrics.json", metrics)
