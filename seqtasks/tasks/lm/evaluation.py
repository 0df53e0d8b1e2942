"""Figures of a language model on a text: perplexity, bits, and what to compare them with."""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from seqtasks.datasets.token_vocabulary import EOS
from seqtasks.tasks.lm.data import Corpus, cut
from seqtasks.tasks.lm.kneser_ney import KneserNey
from seqtasks.tasks.lm.language_model import LanguageModel

ORDERS = {"word": 3, "char": 6}  # of the n-grams that a model is compared with


class Result(NamedTuple):
    """Figures, as `evaluate --json` prints them, and notes for the user."""

    scores: dict[str, Any]
    notes: tuple[str, ...]


def evaluate(
    model: LanguageModel,
    documents: Sequence[str],
    train: Sequence[str] | None = None,
    of_sample: bool = False,
    progress: Callable[[int, int], object] = lambda done, all: None,
) -> Result:
    """Read the documents and say how well `model` foresaw them.

    `perplexity` is exp(−Σ ln p / N) over all N tokens, </s> counted, unknown words as <unk>;
    `bits_per_token` −Σ log₂ p / N; `bits_per_char` −Σ log₂ p by the characters of the text, blanks
    and line ends included. Over running text the state is carried from the first token to the
    last (in rows of 20,000 or more, see `LanguageModel.read_running`); separate sentences begin
    anew. `seconds` is the time from text to these figures.

    train: the documents that the model was trained on. With them, `ngram_perplexity` is that of
        interpolated Kneser-Ney n-grams of `ngram_order`, counted on the same tokens.
    of_sample: the documents are of the embedded sample, whose grammar is known. Then
        `true_perplexity` is the least that any model can have in the long run, and `agreement`
        says by distance how often a verb agrees with its subject; see `agreement`.
    progress: is told how many tokens of how many are read.
    """
    start = time.monotonic()
    corpus = Corpus(cut(documents, model.config), model.encoder)
    scores = figures_of(model, corpus, progress)
    scores["seconds"] = round(time.monotonic() - start, 3)
    notes = []
    if scores["unknown_rate"] > 0.2:
        notes.append(
            f"{100 * scores['unknown_rate']:.0f}% of the tokens are unknown: this text is of "
            "another kind than what the model was trained on, and <unk> is easily foreseen"
        )
    if train is not None:
        scores["ngram_order"] = ORDERS[model.config.level]
        scores["ngram_perplexity"] = _ngrams(model, train, corpus, scores["ngram_order"])
    if of_sample and model.config.level == "word":
        scores |= _known_truth(model, documents)
    return Result(scores, tuple(notes))


def figures_of(
    model: LanguageModel,
    corpus: Corpus,
    progress: Callable[[int, int], object] = lambda done, all: None,
) -> dict[str, Any]:
    """The figures of a text in ids."""
    if model.config.separate:
        logs = np.concatenate(model.read_rows(corpus.rows()))
    else:
        logs = model.read_running(corpus.ids, lambda done: progress(done, len(corpus.ids)))
    nats = -float(logs.sum(dtype=np.float64))
    tokens = max(len(corpus.ids), 1)
    return {
        "perplexity": math.exp(min(nats / tokens, 700)),
        "nats_per_token": nats / tokens,
        "bits_per_token": nats / tokens / math.log(2),
        "bits_per_char": nats / max(corpus.characters, 1) / math.log(2),
        "unknown_rate": corpus.unknown_rate(),
        "tokens": len(corpus.ids),
        "characters": corpus.characters,
    }


def _ngrams(model: LanguageModel, train: Sequence[str], corpus: Corpus, order: int) -> float:
    seen = Corpus(cut(train, model.config), model.encoder)
    ids = np.arange(1, len(model.vocabulary))  # all but padding
    ngrams = KneserNey(np.append(EOS, seen.ids), len(model.vocabulary), order, ids)
    logs = ngrams.log_probabilities(corpus.ids, context=(EOS,))
    return math.exp(-float(logs.mean()))


def _known_truth(model: LanguageModel, documents: Sequence[str]) -> dict[str, Any]:
    from seqtasks.datasets import sample_lm
    from seqtasks.tasks.lm.agreement import agreement

    rows = [text.split() for text in documents]
    truth = sum(sample_lm.log_probability(row) for row in rows)
    return {
        "true_perplexity": math.exp(-truth / sum(len(row) + 1 for row in rows)),
        "agreement": agreement(model, sample_lm.agreement_items()),
    }
