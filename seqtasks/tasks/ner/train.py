"""Training a tagger, and loading one."""

import dataclasses
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from seqtasks.datasets.batching import length_batches
from seqtasks.datasets.sources import Source
from seqtasks.datasets.vectors import read_vectors
from seqtasks.datasets.vocabulary import Encoder, Vocabulary, WordFeatures
from seqtasks.tasks import chunk_scores, plots, run_directory, training
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.ner.config import Config, resolve
from seqtasks.tasks.ner.data import SIGNATURE, Corpus, sentences_of, tag_names
from seqtasks.tasks.ner.network import Network
from seqtasks.tasks.ner.tagger import BATCH_TOKENS, LONGEST_SENTENCE, Tagger

VOCABULARY = "vocabulary.json"
EXAMPLES = "examples.json"  # the first validation sentences, for `export` to compare on
# What may be taken off the score of O; see `_search_recall`.
RECALLS = np.arange(0.0, 4.5, 0.5)


def train(
    config: Config,
    data: Source,
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
    splits, notes = {}, []
    for name in ("train", "dev"):
        splits[name], more = sentences_of(data.splits[name], LONGEST_SENTENCE)
        notes += [f"{name}: {note}" for note in more]
    config = resolve(config, len(splits["train"]))
    tags = tag_names(splits["train"])
    if len(tags) == 1:
        raise TaskError(f"{data.name}: the training split has no entity, only O tags")
    staging = run_directory.open_staging(out, overwrite, resume)
    training.start_tensorflow(config.seed, config.threads)
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
        record = _check_same(staging, record)
        config = Config(**record["config"])
    for note in (*data.notes, *notes):
        say(note)

    tokens = [token for sentence in splits["train"] for token in sentence.tokens]
    vocabulary = Vocabulary.count(tokens, config.vocabulary_size)
    config, vocabulary, vectors = _pretrained(config, vocabulary, say)
    record["config"] = dataclasses.asdict(config)
    network = build_model(config, vocabulary, tags, vectors)
    encoder = Encoder(vocabulary, config.longest_word)
    corpora = {name: Corpus(s, encoder, tags) for name, s in splits.items()}
    unknown = corpora["dev"].unknown_rate()
    say(
        f"{len(splits['train']):,} sentences to train, {len(splits['dev']):,} to validate; "
        f"{len(vocabulary.words):,} words known, {100 * unknown:.1f}% of the validation words "
        f"unknown; {network.count_params():,} weights"
    )
    plan = training.Plan(
        epochs=config.epochs or 0,
        steps=-(-len(splits["train"]) // (config.batch_size or 1)),
        learning_rate=config.learning_rate,
        clipnorm=config.clipnorm,
        averaging=config.averaging,
        patience=config.patience,
        seed=config.seed,
    )
    run_directory.write_json(staging / run_directory.CONFIG, record)
    gold = [sentence.tags for sentence in splits["dev"]]
    validator = _Validator(network, corpora["dev"], gold, config.recall_search)
    (staging / "checkpoints").mkdir(exist_ok=True)
    history = training.fit(
        network,
        lambda word, shape, letters, place, tag: network.loss_of(
            WordFeatures(word, shape, letters), place, tag
        ),
        SIGNATURE,
        lambda epoch: corpora["train"].batches(
            config.batch_size or 1, config.swap, config.seed, epoch
        ),
        validator.figures,
        plan,
        staging / "checkpoints" / "last.npz",
    )
    scores = chunk_scores.score(
        gold,
        Tagger(network, encoder).tag_sentences([sentence.tokens for sentence in splits["dev"]]),
    )
    best = max(history, key=lambda row: row["score"])
    metrics = {"dev": scores, "best_epoch": best["epoch"], "recall": float(network.recall.value)}
    vocabulary.save(staging / VOCABULARY)
    run_directory.write_json(staging / EXAMPLES, [s.tokens for s in splits["dev"][:50]])
    run_directory.save_arrays(staging / run_directory.WEIGHTS, run_directory.weights_of(network))
    training.write_history(staging / "history.csv", history)
    plots.curves(staging / "curves.png", history, "F1", best["epoch"])
    run_directory.write_json(staging / "metrics.json", metrics)
    shutil.rmtree(staging / "checkpoints")
    run_directory.commit(staging, out)
    return scores


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


class _Validator:
    """F1 on the validation split, and the value of `recall` that makes it highest."""

    def __init__(
        self, network: Network, corpus: Corpus, gold: list[tuple[str, ...]], search: bool
    ) -> None:
        self._network, self._corpus, self._gold = network, corpus, gold
        self._recalls = RECALLS if search else RECALLS[:1]
        self._scores = tf.function(
            lambda w, s, c, place: network(WordFeatures(w, s, c), place),
            autograph=False,
            input_signature=SIGNATURE[:4],
        )
        self._decode = tf.function(
            network.decode,
            autograph=False,
            input_signature=[
                tf.TensorSpec((None, None, len(network.tags))),
                tf.TensorSpec((None, None), tf.bool),
                tf.TensorSpec(()),
            ],
        )

    def figures(self) -> dict[str, float]:
        """Score and its parts; sets the network's `recall`."""
        names = np.array(self._network.tags)
        found: list[list[Any]] = [[()] * len(self._gold) for _ in self._recalls]
        for chosen in length_batches(self._corpus.lengths, BATCH_TOKENS):
            batch = [tf.constant(x) for x in self._corpus.batch(chosen)]
            scores, mask = self._scores(*batch), batch[-1] > 0
            for some, recall in zip(found, self._recalls, strict=True):
                tags = self._decode(scores, mask, tf.constant(recall, tf.float32)).numpy()
                for i, row in zip(chosen, names[tags], strict=True):
                    some[i] = row[: self._corpus.lengths[i]].tolist()
        results = [chunk_scores.score(self._gold, tags) for tags in found]
        best = _steadiest([result["f1"] for result in results])
        self._network.recall.assign(self._recalls[best])
        result = results[best]
        return {
            "score": result["f1"],
            "F1": result["f1"],
            "precision": result["precision"],
            "recall": result["recall"],
        }


def _steadiest(scores: list[float]) -> int:
    """The place of the highest score, each averaged with its neighbours (weights 1, 2, 1)."""
    padded = np.pad(scores, 1, mode="edge")
    smooth = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    return int(np.argmax(smooth))


def _pretrained(
    config: Config, vocabulary: Vocabulary, say: Callable[[str], None]
) -> tuple[Config, Vocabulary, np.ndarray | None]:
    """Configuration, vocabulary and first vectors with what `config.embeddings` brings."""
    if config.embeddings is None:
        return config, vocabulary, None
    file = Path(config.embeddings)
    vectors = read_vectors(file, set(vocabulary.words), config.embedded_words)
    known = dict(zip(vectors.words, vectors.values, strict=True))
    covered = sum(word in known for word in vocabulary.words)
    say(
        f"{file}: {len(known):,} vectors of {vectors.values.shape[1]} numbers; "
        f"they cover {100 * covered / max(len(vocabulary.words), 1):.1f}% of the training words"
    )
    vocabulary = vocabulary.with_words(vectors.words)
    size = vectors.values.shape[1]
    config = dataclasses.replace(config, word_size=size)
    generator = np.random.default_rng([config.seed, 2])
    scale = float(vectors.values.std())
    rest = generator.normal(0, scale, (len(vocabulary.words), size)).astype(np.float32)
    return (
        config,
        vocabulary,
        np.stack([known.get(word, row) for word, row in zip(vocabulary.words, rest, strict=True)]),
    )


def _check_same(staging: Path, record: dict[str, Any]) -> dict[str, Any]:
    """The record of the unfinished run; an error if it is of other data or settings."""
    old = run_directory.read_config(staging, "ner")
    for part, new in (("data", record["data"]), ("versions", record["versions"])):
        if old[part] != new:
            raise TaskError(
                f"{staging}: was begun with other {part}: {old[part]}, now {new}; "
                "--overwrite starts anew"
            )
    return old
