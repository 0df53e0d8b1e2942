"""Training a classifier, and loading one."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqtasks.datasets.examples import LabelledText
from seqtasks.datasets.source import Source
from seqtasks.datasets.vocabulary import FIRST, Encoder, Vocabulary, WordFeatures
from seqtasks.tasks import label_scores, loading, plots, run_directory, starting, training
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.pretrained import pretrained
from seqtasks.tasks.run_record import check_unchanged, record
from seqtasks.tasks.sentiment import calibration
from seqtasks.tasks.sentiment.classifier import Classifier
from seqtasks.tasks.sentiment.config import Config, resolve
from seqtasks.tasks.sentiment.data import SIGNATURE, Corpus, class_weights, tokens_of
from seqtasks.tasks.sentiment.evaluation import evaluate
from seqtasks.tasks.sentiment.evidence import Evidence
from seqtasks.tasks.sentiment.network import Network
from seqtasks.tasks.settings import validate
from seqtasks.tasks.training_plan import plan
from seqtasks.tasks.training_run import TrainingRun, claimed

VOCABULARY = "vocabulary.json"
EXAMPLES = "examples.json"  # the first validation texts, for `export` to compare on


def train(
    config: Config,
    data: Source[LabelledText],
    out: Path,
    overwrite: bool = False,
    resume: bool = False,
    say: Callable[[str], None] = print,
    columns: Mapping[str, str | None] | None = None,
) -> dict[str, Any]:
    """Train on `data` and leave a run directory at `out`; returns the validation scores.

    config: the settings.
    overwrite: replace a run, or an unfinished one, that is there.
    resume: go on with an unfinished run; its own configuration counts.
    say: is given lines for the user.
    columns: `text_column` and `label_column` that `data` were read with; `evaluate` reads them so.
    Raises TaskError for settings that are wrong, and for a place that is taken; Interrupted when
    a signal stops it; FloatingPointError if it went wrong, once the last good weights are kept.
    """
    validate(config)
    with claimed(out, overwrite, resume) as run:
        return _train(config, data, run, say, columns or {})


def _train(
    config: Config,
    data: Source[LabelledText],
    run: TrainingRun,
    say: Callable[[str], None],
    columns: Mapping[str, str | None],
) -> dict[str, Any]:
    given = dataclasses.asdict(config)
    training.start_tensorflow(config.seed, config.threads)
    start = None if run.resume else starting.read(config, "sentiment")
    config = start.fitted(config) if start else config
    examples = {name: data.splits[name] for name in ("train", "dev")}
    tokens = {name: tokens_of([e.text for e in split]) for name, split in examples.items()}
    words = [word.decode() for word in tokens["train"].flat_values.numpy()]
    if not words:
        raise TaskError(f"{data.name}: the train split has no word; give it texts")
    config = resolve(config, len(words))
    labels = tuple(sorted({example.label for example in examples["train"]}))
    if len(labels) < 2:
        raise TaskError(f"{data.name}: the training split has one label only, {labels[0]!r}")
    named = {name: value for name, value in columns.items() if value}
    counts = {name: len(split) for name, split in examples.items()}
    begun = record("sentiment", config, data, columns=named, texts=counts)
    begun = run.record({**begun, "labels": labels}, given, say)
    if run.resume:
        config = _settings(run.staging, begun)
        training.start_tensorflow(config.seed, config.threads)  # the seed it was begun with
        start = starting.read(config, "sentiment", begun.get("start"))
    for note in data.notes:
        say(note)

    vocabulary = Vocabulary.count(words, config.vocabulary_size)
    config, vocabulary, vectors = pretrained(config, vocabulary, words, say, start)
    begun["config"] = dataclasses.asdict(config)
    if start:
        begun["start"] = start.record
    encoder = Encoder(vocabulary, config.longest_word)
    corpus = Corpus(examples["train"], tokens["train"], encoder, labels, config.longest_text)
    evidence = None
    if config.evidence:
        ids = FIRST + len(vocabulary.words)
        evidence = corpus.evidence(ids, len(labels), config.pairs or 0)
        config = dataclasses.replace(config, pairs=len(evidence.keys))
        begun["config"] = dataclasses.asdict(config)
    network = build_model(config, vocabulary, labels, vectors, evidence)
    if start:
        starting.fill(start, network, vocabulary, labels, say)
    if corpus.cut:
        say(
            f"{corpus.cut:,} texts to train have more than {config.longest_text} words: of them "
            "the first and the last half of that is read (--longest-text); prediction reads all"
        )
    validation = Corpus(examples["dev"], tokens["dev"], encoder, labels)
    say(
        f"{len(examples['train']):,} texts to train, {len(examples['dev']):,} to validate; "
        f"{len(vocabulary.words):,} words known, {100 * validation.unknown_rate():.1f}% of the "
        f"validation words unknown; {network.count_params():,} weights"
    )
    weights = class_weights(corpus.labels, len(labels), config.class_weight == "balanced")
    run.begin(begun)
    classifier = Classifier(network, encoder)
    balanced = config.class_weight == "balanced"

    def figures() -> dict[str, float]:
        scores = classifier.scores_of(tokens["dev"])
        found = [labels[i] for i in scores.argmax(axis=1)]
        result = label_scores.score([e.label for e in examples["dev"]], found, labels)
        accuracy, f1 = result["accuracy"], result["f1_macro"]
        return {"accuracy": accuracy, "F1": f1, "score": f1 if balanced else accuracy}

    fitted = training.fit(
        network,
        lambda word, shape, letters, place, *rest: network.loss_of(
            WordFeatures(word, shape, letters), place, *rest
        ),
        SIGNATURE,
        lambda epoch: corpus.batches(config.batch_size, config.seed, epoch, weights, evidence),
        figures,
        plan(config, -(-len(examples["train"]) // config.batch_size)),
        run.checkpoint,
    )
    before = _calibrate(classifier, tokens["dev"], validation.labels)
    scores = evaluate(classifier, examples["dev"]).scores
    del scores["seconds"]  # all that a run holds, but for its history's, is the same every time
    say(
        f"calibrated on validation: temperature {float(network.temperature.numpy()):.2f}, expected "
        f"calibration error {100 * before:.1f}% before, {100 * scores['ece']:.1f}% after"
    )
    vocabulary.save(run.staging / VOCABULARY)
    run_directory.write_json(run.staging / EXAMPLES, [e.text for e in examples["dev"][:50]])
    plots.confusion(run.staging / "confusion.png", scores["labels"], scores["confusion"])
    plots.calibration(run.staging / "calibration.png", scores["reliability"])
    temperature = float(network.temperature.numpy())
    metrics = {"dev": scores, "temperature": temperature, "ece_before": before}
    run.finish(network, fitted, "accuracy", metrics)
    return scores


def build_model(
    config: Config,
    vocabulary: Vocabulary,
    labels: Sequence[str],
    vectors: np.ndarray | None = None,
    evidence: Evidence | None = None,
) -> Network:
    """The network of a resolved `config`, with fresh weights, for words of `vocabulary`.

    labels: in the order of the scores.
    vectors: (len(vocabulary.words), word_size), first values of the words' vectors.
    evidence: what words and pairs say by themselves.
    """
    return Network(config, vocabulary, tuple(labels), vectors, evidence)


def load(model: Path) -> Classifier:
    """The classifier of the run directory `model`.

    Raises TaskError if there is none, or if a file of it is broken.
    """
    record = run_directory.read_config(model, "sentiment")
    config = _settings(model, record)
    labels = loading.names_of(model, record, "labels")
    vocabulary = loading.built(model, lambda: Vocabulary.load(model / VOCABULARY))
    words, characters = len(vocabulary.words), len(vocabulary.characters)
    numbers = loading.word_numbers(config, words, characters, len(labels)) + words * len(labels)
    numbers += (config.pairs or 0) * (1 + len(labels))
    weights = loading.weights_for(model, config.layers, numbers)
    network = loading.built(model, lambda: build_model(config, vocabulary, labels))
    run_directory.set_weights(network, weights, model / run_directory.WEIGHTS)
    check_unchanged(model, record)
    return Classifier(network, Encoder(vocabulary, config.longest_word))


def _calibrate(classifier: Classifier, tokens: Any, labels: np.ndarray) -> float:
    """Set the network's temperature; return the expected calibration error without it."""
    scores = classifier.scores_of(tokens)
    network = classifier.network
    plain = network.probabilities(scores).numpy()
    network.temperature.assign(calibration.temperature(scores, labels))
    return calibration.expected_calibration_error(plain, labels)


def _settings(place: Path, record: dict[str, Any]) -> Config:
    """The settings of the run, finished or not, at `place`."""
    return loading.settings_of(place, record, Config, lambda config: resolve(config, 1))
