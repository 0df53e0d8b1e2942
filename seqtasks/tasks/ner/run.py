"""Training a tagger, and loading one."""

import dataclasses
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqtasks.datasets.source import Source
from seqtasks.datasets.sources import Example
from seqtasks.datasets.vocabulary import Encoder, Vocabulary, WordFeatures
from seqtasks.tasks import chunk_scores, language_start, plots, run_directory, training
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.ner import augmentation
from seqtasks.tasks.ner.config import Config, resolve
from seqtasks.tasks.ner.data import SIGNATURE, Corpus, sentences_of, tag_names
from seqtasks.tasks.ner.lift import Validator
from seqtasks.tasks.ner.network import Network
from seqtasks.tasks.ner.tagger import LONGEST_SENTENCE, Tagger
from seqtasks.tasks.pretrained import pretrained
from seqtasks.tasks.settings import validate

VOCABULARY = "vocabulary.json"
EXAMPLES = "examples.json"  # the first validation sentences, for `export` to compare on


def train(
    config: Config,
    data: Source[Example],
    out: Path,
    overwrite: bool = False,
    resume: bool = False,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Train on `data` and leave a run directory at `out`; returns the validation scores.

    overwrite: replace a run, or an unfinished one, that is there.
    resume: go on with an unfinished run; its own configuration counts.
    say: is given lines for the user.
    Raises TaskError for settings that are wrong, and for a place that is taken.
    """
    validate(config)
    run_directory.check_place(out, overwrite, resume)
    training.start_tensorflow(config.seed, config.threads)
    start = None if resume else language_start.read(config)
    config = start.fitted(config) if start else config
    splits, notes = {}, []
    for name in ("train", "dev"):
        splits[name], more = sentences_of(data.splits[name], LONGEST_SENTENCE)
        notes += [f"{name}: {note}" for note in more]
        if not splits[name]:
            raise TaskError(f"{data.name}: the {name} split has no word; give it sentences")
    config = resolve(config, len(splits["train"]))
    tags = tag_names(splits["train"])
    if len(tags) == 1:
        raise TaskError(f"{data.name}: the training split has no entity, only O tags")
    record: dict[str, Any] = {
        "task": "ner",
        "config": dataclasses.asdict(config),
        "tags": tags,
        "data": {
            "source": data.name,
            "fingerprint": data.fingerprint,
            "sentences": {name: len(sentences) for name, sentences in splits.items()},
        },
        "versions": run_directory.versions(),
    }
    if resume:
        record = run_directory.same_as_begun(
            run_directory.open_staging(out, overwrite, resume), record
        )
        config = Config(**record["config"])
        training.start_tensorflow(config.seed, config.threads)  # the seed it was begun with
        start = language_start.read(config, record.get("language_model"))
    for note in (*data.notes, *notes):
        say(note)

    tokens = [token for sentence in splits["train"] for token in sentence.tokens]
    if config.split:
        cut = (augmentation.pieces(token) for token in tokens)
        tokens += [piece for pieces in cut if len(pieces) > 1 for piece in pieces]
    vocabulary = Vocabulary.count(tokens, config.vocabulary_size or 0)
    config, vocabulary, vectors = pretrained(config, vocabulary, tokens, say, start)
    record["config"] = dataclasses.asdict(config)
    if start:
        record["language_model"] = start.record
    network = build_model(config, vocabulary, tags, vectors)
    if start:
        start.fill(network, say)
    encoder = Encoder(vocabulary, config.longest_word)
    validation = Corpus(splits["dev"], encoder, tags)
    unknown = validation.unknown_rate()
    say(
        f"{len(splits['train']):,} sentences to train, {len(splits['dev']):,} to validate; "
        f"{len(vocabulary.words):,} words known, {100 * unknown:.1f}% of the validation words "
        f"unknown; {network.count_params():,} weights"
    )
    plan = training.plan(config, -(-len(splits["train"]) // (config.batch_size or 1)))
    staging = run_directory.open_staging(out, overwrite, resume)
    run_directory.write_json(staging / run_directory.CONFIG, record)
    gold = [sentence.tags for sentence in splits["dev"]]
    validator = Validator(network, validation, gold, config.lift_search)
    names = augmentation.mentions(splits["train"])

    def epoch_batches(epoch: int) -> Iterator[tuple[np.ndarray, ...]]:
        changed = augmentation.augmented(splits["train"], names, config, epoch)
        corpus = Corpus(changed, encoder, tags)
        return corpus.batches(config.batch_size or 1, config.seed, epoch)

    (staging / "checkpoints").mkdir(exist_ok=True)
    history = training.fit(
        network,
        lambda word, shape, letters, place, tag: network.loss_of(
            WordFeatures(word, shape, letters), place, tag
        ),
        SIGNATURE,
        epoch_batches,
        validator.figures,
        plan,
        staging / "checkpoints" / "last.npz",
    )
    scores = chunk_scores.score(
        gold,
        Tagger(network, encoder).tag_sentences([sentence.tokens for sentence in splits["dev"]]),
    )
    run_directory.write_json(staging / EXAMPLES, [s.tokens for s in splits["dev"][:50]])
    _write_run(staging, network, vocabulary, history, scores)
    run_directory.commit(staging, out)
    # last, so that a process that dies before it is done has not lost its training
    shutil.rmtree(out / "checkpoints", ignore_errors=True)
    return scores


def _write_run(
    staging: Path,
    network: Network,
    vocabulary: Vocabulary,
    history: list[dict[str, float]],
    scores: dict[str, Any],
) -> None:
    """What training leaves, beside the configuration that is there already."""
    best = max(history, key=lambda row: row["score"])
    metrics = {"dev": scores, "best_epoch": best["epoch"], "lift": float(network.lift.numpy()[-1])}
    vocabulary.save(staging / VOCABULARY)
    run_directory.save_arrays(staging / run_directory.WEIGHTS, run_directory.weights_of(network))
    training.write_history(staging / "history.csv", history)
    plots.curves(staging / "curves.png", history, "F1", best["epoch"])
    run_directory.write_json(staging / "metrics.json", metrics)


def build_model(
    config: Config,
    vocabulary: Vocabulary,
    tags: Sequence[str],
    vectors: np.ndarray | None = None,
) -> Network:
    """The network of a resolved configuration, with fresh weights.

    vectors: (len(vocabulary.words), word_size), first values of the words' vectors.
    """
    return Network(config, vocabulary, tuple(tags), vectors)


def load(model: Path) -> Tagger:
    """The tagger of a run directory.

    Raises TaskError if there is none, or if a file of it is broken.
    """
    record = run_directory.read_config(model, "ner")
    try:
        config = Config(**record["config"])
        vocabulary = Vocabulary.load(model / VOCABULARY)
        network = build_model(config, vocabulary, record["tags"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TaskError(f"{model}: the run is broken ({error}); train it anew") from None
    path = model / run_directory.WEIGHTS
    run_directory.set_weights(network, run_directory.load_arrays(path), path)
    return Tagger(network, Encoder(vocabulary, config.longest_word))
