"""A trained language model in use: strings in, their probabilities out, all as graph."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from seqtasks.datasets.batching import length_batches
from seqtasks.datasets.token_vocabulary import EOS, UNKNOWN, TokenVocabulary
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.lm.data import given_and_wanted, streams
from seqtasks.tasks.lm.generation import beam_search, sample
from seqtasks.tasks.lm.network import Network
from seqtasks.tasks.lm.reader import Encoder, joined

BATCH_TOKENS = 8192  # padding included, in a batch of scoring
STEPS = 200  # tokens of a row of running text that are read together
ROW = 20_000  # tokens of a row of running text, at least, when a long text is read in rows
ROWS = 32  # of running text at most

_IDS = tf.TensorSpec((None, None), tf.int32)


class Token(NamedTuple):
    """A token, its id in the vocabulary (1 where that knows it not), and its log10 p."""

    text: str
    id: int
    log10: float


class Score(NamedTuple):
    """How probable a text is; see `LanguageModel.score`.

    `log10` is the sum over all tokens, </s> included, and `perplexity` 10^(−log10 / tokens).
    `log10_known` and `perplexity_known` leave out the tokens that the vocabulary does not know.
    """

    text: str
    log10: float
    perplexity: float
    log10_known: float
    perplexity_known: float
    tokens: int
    unknown: int
    detail: tuple[Token, ...]


class LanguageModel(tf.Module):
    """Network, vocabulary and the way from text to ids."""

    def __init__(self, network: Network, vocabulary: TokenVocabulary) -> None:
        super().__init__()
        self.network, self.vocabulary = network, vocabulary
        self.config = network.config
        self.encoder = Encoder(network.config, vocabulary)
        self.tables = self.encoder.tables
        # nothing here branches on tensors, and tracing is quicker without autograph
        self._encode = tf.function(
            self.encoder.encode,
            autograph=False,
            input_signature=[tf.TensorSpec((None,), tf.string)],
        )
        states = network.first_states(1)
        spec = [[tf.TensorSpec((None, s.shape[1]), s.dtype) for s in layer] for layer in states]
        self._read = tf.function(self.read, autograph=False, input_signature=[_IDS, _IDS, spec])
        self.serve = tf.function(
            self._serve,
            autograph=False,
            input_signature=[tf.TensorSpec((None,), tf.string, name="text")],
        )
        self.continued = tf.function(
            self._continued,
            autograph=False,
            input_signature=[
                tf.TensorSpec((None,), tf.string, name="prompt"),
                tf.TensorSpec((), tf.int32, name="max_tokens"),
                tf.TensorSpec((), tf.float32, name="temperature"),
                tf.TensorSpec((), tf.int32, name="top_k"),
                tf.TensorSpec((), tf.float32, name="top_p"),
                tf.TensorSpec((), tf.int64, name="seed"),
                tf.TensorSpec((), tf.int32, name="sentences"),
            ],
        )
        # a character model of running text knows no sentences
        stops = self.config.level == "word" or self.config.separate
        self.sentences = 1 if stops else 0  # that a generated text has; 0: any number

    def read(self, given: Any, wanted: Any, states: Any) -> tuple[Any, Any]:
        """Natural log p of the tokens `wanted`, 0 for padding, and the states after them.

        given: the token before each of `wanted`; both int32 (batch, time).
        """
        h, after = self.network(given, states)
        return self.network.log_probabilities(h, wanted), after

    def read_running(
        self, ids: np.ndarray, progress: Callable[[int], object] = lambda tokens: None
    ) -> np.ndarray:
        """Natural log p of each token of a running text, the states carried through; (tokens,).

        A text of more than ROW tokens is read in rows of that many at least, each of which begins
        without a memory. progress: is told how many tokens are read.
        """
        rows = min(max(len(ids) // ROW, 1), ROWS)
        states = self.network.first_states(rows)
        parts = []
        for given, wanted, _ in streams(np.concatenate([[EOS], ids]), rows, STEPS):
            found, states = self._read(given, wanted, states)
            parts.append(found.numpy())
            progress(sum(part.size for part in parts))
        return np.concatenate(parts, axis=1).ravel()[: len(ids)] if parts else np.zeros(0)

    def read_rows(self, rows: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Natural log p of each token of each row, which all begin anew."""
        result: list[np.ndarray] = [np.zeros(0)] * len(rows)
        lengths = [len(row) for row in rows]
        for chosen in length_batches(lengths, BATCH_TOKENS):
            given, wanted = given_and_wanted([rows[i] for i in chosen])
            found, _ = self._read(given, wanted, self.network.first_states(len(chosen)))
            for i, row in zip(chosen, found.numpy(), strict=True):
                result[i] = row[: lengths[i]]
        return result

    def score(self, texts: Sequence[str]) -> Iterator[Score]:
        """The probability of each text, </s> counted; each gets one `Score`, whatever is in it."""
        if not texts:
            return
        tokens, ids = self._encode(_strings(texts))
        words, flat = tokens.flat_values.numpy(), ids.flat_values.numpy()
        bounds = ids.row_splits.numpy()
        rows = np.split(flat, bounds[1:-1])
        for text, row, first, found in zip(texts, rows, bounds, self.read_rows(rows), strict=False):
            yield _score(text, words[first : first + len(row)], row, found)

    def generate(
        self,
        prompt: str = "",
        num: int = 1,
        length: int = 200,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        seed: int = 1,
        sentences: int | None = None,
    ) -> list[str]:
        """Texts that begin with the prompt, drawn by chance; the same seed gives the same texts.

        num: how many. length: tokens at most. temperature: 0 takes the most probable token each
        time. top_k: draw among so many of the most probable tokens (0: all). top_p: among the
        fewest that have so much of the probability (1: all). sentences: end with that many </s>
        (0: never); None: 1, for running text in characters 0.

        Raises TaskError for a prompt of which the vocabulary knows no token.
        """
        self._known_ids(prompt)
        texts = self.continued(
            _strings([prompt] * num),
            tf.constant(length),
            tf.constant(temperature, tf.float32),
            tf.constant(top_k),
            tf.constant(top_p, tf.float32),
            tf.constant(seed, tf.int64),
            tf.constant(self.sentences if sentences is None else sentences),
        )
        return [text.decode() for text in texts["text"].numpy()]

    def likeliest(self, prompt: str, beams: int, length: int) -> list[tuple[str, float]]:
        """The most probable texts found that begin with the prompt, and their log10 p given it.

        See `generation.beam_search`. Raises TaskError as `generate` does.
        """
        ids = self._known_ids(prompt)
        given = self._encode(_strings([prompt]))[0][0].numpy().tolist()[:-1]
        shown = self.vocabulary.shown
        return [
            (
                self._text([*given, *(shown[i].encode() for i in beam.ids)]),
                beam.log_probability / math.log(10),
            )
            for beam in beam_search(self.network, ids, beams, length)
        ]

    def _text(self, tokens: list[bytes]) -> str:
        """Tokens as text for people."""
        return str(joined(tf.constant([tokens], tf.string), self.config).numpy()[0].decode())

    def _known_ids(self, prompt: str) -> np.ndarray:
        """The ids of a prompt, without </s> at its end."""
        _, ids = self._encode(_strings([prompt]))
        row = ids[0].numpy()[:-1]
        if len(row) and (row == UNKNOWN).all():
            raise TaskError(
                f"the prompt {prompt!r}: not one token of it is in the vocabulary; "
                "give words of the training text, or none"
            )
        return np.asarray(row)

    def _serve(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        tokens, ids = self.encoder.encode(text)
        wanted = ids.to_tensor()
        first = tf.fill((tf.shape(wanted)[0], 1), EOS)
        given = tf.where(wanted > 0, tf.concat([first, wanted[:, :-1]], axis=1), 0)
        logs, _ = self.read(given, wanted, self.network.first_states(tf.shape(wanted)[0]))
        return {
            "log_prob": tf.reduce_sum(logs, axis=1),
            "tokens": tokens.to_tensor(),
            "token_log_probs": logs,
        }

    def _continued(
        self,
        prompt: tf.Tensor,
        max_tokens: tf.Tensor,
        temperature: tf.Tensor,
        top_k: tf.Tensor,
        top_p: tf.Tensor,
        seed: tf.Tensor,
        sentences: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        tokens, ids = self.encoder.encode(prompt)
        tokens, ids = tokens[:, :-1], ids[:, :-1].to_tensor()
        drawn = sample(self.network, ids, max_tokens, temperature, top_k, top_p, seed, sentences)
        new = tf.gather(tf.constant(self.vocabulary.shown), drawn)
        lengths = tf.reduce_sum(tf.cast(drawn > 0, tf.int64), axis=1)
        rows = tf.concat([tokens, tf.RaggedTensor.from_tensor(new, lengths)], axis=1)
        return {"text": joined(rows.to_tensor(), self.config)}


def _strings(texts: Sequence[str]) -> tf.Tensor:
    """As UTF-8; a lone surrogate, as a broken decoder leaves it, becomes a question mark."""
    return tf.constant([text.encode("utf-8", "replace") for text in texts], tf.string)


def _score(text: str, words: np.ndarray, ids: np.ndarray, found: np.ndarray) -> Score:
    logs = found.astype(np.float64) / math.log(10)
    known = ids != UNKNOWN
    total, total_known = float(logs.sum()), float(logs[known].sum())
    detail = tuple(
        Token(word.decode(), int(i), float(p)) for word, i, p in zip(words, ids, logs, strict=True)
    )
    return Score(
        text,
        total,
        perplexity(total, len(ids)),
        total_known,
        perplexity(total_known, int(known.sum())),
        len(ids),
        int((~known).sum()),
        detail,
    )


def perplexity(log10: float, tokens: int) -> float:
    """10^(−log10 / tokens); infinite where that is beyond what a float holds."""
    try:
        return 10.0 ** (-log10 / max(tokens, 1))
    except OverflowError:
        return math.inf
