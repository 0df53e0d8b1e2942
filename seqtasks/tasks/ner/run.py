"""Training a tagger, and loading one."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqtasks.datasets.source import Source
from seqtasks.datasets.tagged_sources import Example
from seqtasks.datasets.vocabulary import Encoder, Vocabulary, WordFeatures
from seqtasks.tasks import chunk_scores, loading, run_directory, starting, training
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.ner import augmentation
from seqtasks.tasks.ner.config import Config, resolve
from seqtasks.tasks.ner.data import SIGNATURE, Corpus, sentences_of, tag_names
from seqtasks.tasks.ner.lift import Validator
from seqtasks.tasks.ner.network import Network
from seqtasks.tasks.ner.tagger import LONGEST_SENTENCE, Tagger
from seqtasks.tasks.pretrained import pretrained
from seqtasks.tasks.run_record import check_unchanged, record
from seqtasks.tasks.settings import validate
from seqtasks.tasks.training_plan import plan
from seqtasks.tasks.training_run import TrainingRun, claimed

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

    config: the settings.
    overwrite: replace a run, or an unfinished one, that is there.
    resume: go on with an unfinished run; its own configuration counts.
    say: is given lines for the user.
    Raises TaskError for settings that are wrong, and for a place that is taken; Interrupted when
    a signal stops it; FloatingPointError if it went wrong, once the last good weights are kept.
    """
    validate(config)
    with claimed(out, overwrite, resume) as run:
        return _train(config, data, run, say)


def _train(
    config: Config, data: Source[Example], run: TrainingRun, say: Callable[[str], None]
) -> dict[str, Any]:
    given = dataclasses.asdict(config)
    training.start_tensorflow(config.seed, config.threads)
    start = None if run.resume else starting.read(config, "ner")
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
    counts = {name: len(sentences) for name, sentences in splits.items()}
    begun = {**record("ner", config, data, sentences=counts), "tags": tags}
    begun = run.record(begun, given, say)
    if run.resume:
        config = _settings(run.staging, begun)
        training.start_tensorflow(config.seed, config.threads)  # the seed it was begun with
        start = starting.read(config, "ner", begun.get("start"))
    for note in (*data.notes, *notes):
        say(note)

    tokens = [token for sentence in splits["train"] for token in sentence.tokens]
    if config.split:
        cut = (augmentation.pieces(token) for token in tokens)
        tokens += [piece for pieces in cut if len(pieces) > 1 for piece in pieces]
    vocabulary = Vocabulary.count(tokens, config.vocabulary_size or 0)
    config, vocabulary, vectors = pretrained(config, vocabulary, tokens, say, start)
    begun["config"] = dataclasses.asdict(config)
    if start:
        begun["start"] = start.record
    network = build_model(config, vocabulary, tags, vectors)
    if start:
        starting.fill(start, network, vocabulary, tags, say)
    encoder = Encoder(vocabulary, config.longest_word)
    validation = Corpus(splits["dev"], encoder, tags)
    unknown = validation.unknown_rate()
    say(
        f"{len(splits['train']):,} sentences to train, {len(splits['dev']):,} to validate; "
        f"{len(vocabulary.words):,} words known, {100 * unknown:.1f}% of the validation words "
        f"unknown; {network.count_params():,} weights"
    )
    run.begin(begun)
    gold = [sentence.tags for sentence in splits["dev"]]
    validator = Validator(network, validation, gold, config.lift_search)
    names = augmentation.mentions(splits["train"])

    def epoch_batches(epoch: int) -> Iterator[tuple[np.ndarray, ...]]:
        changed = augmentation.augmented(splits["train"], names, config, epoch)
        corpus = Corpus(changed, encoder, tags)
        return corpus.batches(config.batch_size or 1, config.seed, epoch)

    fitted = training.fit(
        network,
        lambda word, shape, letters, place, tag: network.loss_of(
            WordFeatures(word, shape, letters), place, tag
        ),
        SIGNATURE,
        epoch_batches,
        validator.figures,
        plan(config, -(-len(splits["train"]) // (config.batch_size or 1))),
        run.checkpoint,
    )
    scores = chunk_scores.score(
        gold,
        Tagger(network, encoder).tag_sentences([sentence.tokens for sentence in splits["dev"]]),
    )
    vocabulary.save(run.staging / VOCABULARY)
    run_directory.write_json(run.staging / EXAMPLES, [s.tokens for s in splits["dev"][:50]])
    run.finish(network, fitted, "F1", {"dev": scores, "lift": float(network.lift.numpy()[-1])})
    return scores


def build_model(
    config: Config,
    vocabulary: Vocabulary,
    tags: Sequence[str],
    vectors: np.ndarray | None = None,
) -> Network:
    """The network of a resolved `config`, for these `tags`, with fresh weights.

    vectors: (len(vocabulary.words), word_size), first values of the words' vectors.
    """
    return Network(config, vocabulary, tuple(tags), vectors)


def load(model: Path) -> Tagger:
    """The tagger of the run directory `model`.

    Raises TaskError if there is none, or if a file of it is broken.
    """
    record = run_directory.read_config(model, "ner")
    config = _settings(model, record)
    tags = loading.names_of(model, record, "tags")
    if tags[:1] != ("O",) or not all(tag[:2] in ("B-", "I-") and tag[2:] for tag in tags[1:]):
        path = model / run_directory.CONFIG
        raise TaskError(f"{path}: expected O and tags of IOB2 as `tags`; train the model anew")
    vocabulary = loading.built(model, lambda: Vocabulary.load(model / VOCABULARY))
    words, characters = len(vocabulary.words), len(vocabulary.characters)
    numbers = loading.word_numbers(config, words, characters, len(tags))
    numbers += len(tags) ** 2 if config.decoder == "crf" else 0
    weights = loading.weights_for(model, config.layers, numbers)
    network = loading.built(model, lambda: build_model(config, vocabulary, tags))
    run_directory.set_weights(network, weights, model / run_directory.WEIGHTS)
    check_unchanged(model, record)
    return Tagger(network, Encoder(vocabulary, config.longest_word))


def _settings(place: Path, record: dict[str, Any]) -> Config:
    """The settings of the run, finished or not, at `place`."""
    return loading.settings_of(place, record, Config, lambda config: resolve(config, 1))
