"""From raw text to tokens and their ids, as one piece of graph: training, `score` and the export.

What becomes of a text, by the settings:

- level char: its code points; a line's end is the token </s>.
- pretokenised words: it is cut at blanks; each line that has tokens ends with </s>.
- words, `lines`: our tokeniser cuts each line; </s> likewise.
- words: a line's end is a blank, and an empty line parts paragraphs; the tokeniser finds the
  sentences, each of which ends with </s>.

A text always ends with </s>; a text without a token is </s> alone.
"""

from collections.abc import Iterator

import tensorflow as tf

from seqtasks.datasets.token_vocabulary import EOS_MARK, TokenVocabulary
from seqtasks.datasets.tokenizer import Tokens, tokenize
from seqtasks.tasks.lm.config import Config

PIECE = 2**15  # characters of a long text that are cut into tokens together
_BREAK = "\x1e"  # stands for the end of a paragraph while lines are joined


def tokens_of(texts: tf.Tensor, config: Config) -> tf.RaggedTensor:
    """The tokens of each text, string, ragged (texts, tokens); the last of each is </s>.

    texts: string (texts,), UTF-8; a byte that is none counts as U+FFFD.
    """
    texts = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8")
    texts = tf.strings.regex_replace(texts, "\r\n?", "\n")
    if config.lowercase and (config.level == "char" or config.pretokenised):
        texts = tf.strings.lower(texts, "utf-8")
    if config.level == "char":
        points = tf.strings.unicode_split(tf.strings.regex_replace(texts, r"\n\z", ""), "UTF-8")
        flat = tf.where(points.flat_values == "\n", EOS_MARK, points.flat_values)
        return _closed(points.with_flat_values(flat), tf.zeros_like(flat[1:], tf.bool))
    if config.lines:
        lines = tf.strings.split(texts, "\n")
        flat = lines.flat_values
        cut = tf.strings.split(flat) if config.pretokenised else _lowered(tokenize(flat), config)
        line = cut.value_rowids()
        return _closed(lines.with_values(cut).merge_dims(1, 2), line[1:] != line[:-1])
    texts = tf.strings.regex_replace(texts, r"[ \t]*\n[ \t]*\n\s*", _BREAK)
    texts = tf.strings.regex_replace(tf.strings.regex_replace(texts, "\n", " "), _BREAK, "\n")
    tokens = tokenize(texts)
    return _closed(_lowered(tokens, config), tokens.first.flat_values[1:])


def _lowered(tokens: Tokens, config: Config) -> tf.RaggedTensor:
    """The tokens, in small letters if so asked: after cutting, which looks at capitals."""
    text = tokens.text
    if not config.lowercase:
        return text
    return text.with_flat_values(tf.strings.lower(text.flat_values, "utf-8"))


def _closed(rows: tf.RaggedTensor, first: tf.Tensor) -> tf.RaggedTensor:
    """With </s> at the end of each row, and within it before each token that opens a sentence.

    first: bool, for each token of all rows but the very first.
    """
    flat, row = rows.flat_values, rows.value_rowids()
    count = tf.size(flat, tf.int64)
    inner = tf.cast(first & (row[1:] == row[:-1]), tf.int64)[: tf.maximum(count - 1, 0)]
    inner = tf.concat([tf.zeros(tf.minimum(count, 1), tf.int64), inner], axis=0)
    place = tf.range(count) + tf.cumsum(inner) + row
    total = count + tf.reduce_sum(inner) + rows.nrows()
    source = tf.tensor_scatter_nd_update(tf.fill([total], count), place[:, None], tf.range(count))
    lengths = rows.row_lengths() + 1 + tf.math.unsorted_segment_sum(inner, row, rows.nrows())
    tokens = tf.gather(tf.concat([flat, [EOS_MARK]], axis=0), source)
    return tf.RaggedTensor.from_row_lengths(tokens, lengths)


def joined(tokens: tf.Tensor, config: Config) -> tf.Tensor:
    """Text for people from rows of tokens, string (batch, tokens) to (batch,); "" is padding.

    Words get blanks between them but where signs are written close; </s> ends a line.
    """
    if config.level == "char":
        return tf.strings.reduce_join(tf.where(tokens == EOS_MARK, "\n", tokens), axis=-1)
    text = tf.strings.reduce_join(tokens, axis=-1, separator=" ")
    text = tf.strings.regex_replace(text, rf" *{EOS_MARK} *", "\n" if config.lines else " ")
    text = tf.strings.regex_replace(text, r"\A +| +\z", "")
    if config.pretokenised:
        return text
    text = tf.strings.regex_replace(text, r" ([.,;:!?)\]”’…%]+|n't|'(?:s|m|d|re|ve|ll)\b)", r"\1")
    return tf.strings.regex_replace(text, r"([(\[“‘$£€]) ", r"\1")


def pieces(document: str, config: Config) -> Iterator[tuple[str, bool]]:
    """A document in stretches of about PIECE characters, and whether each ends where </s> belongs.

    Cut at the end of a paragraph or line, as the settings have it, or between words where a
    stretch has none.
    """
    document = document.replace("\r\n", "\n").replace("\r", "\n")
    place = 0
    while len(document) - place > PIECE:
        end, whole = _end(document, place, config)
        if end == len(document):
            break
        yield document[place:end], whole
        place = end
    yield document[place:], True


def _end(document: str, place: int, config: Config) -> tuple[int, bool]:
    """Where the stretch that begins at a place ends, and whether </s> belongs there."""
    limit = place + PIECE
    if config.level == "char":
        return limit, document[limit - 1] == "\n"  # </s> stands for it
    end = document.rfind("\n" if config.lines else "\n\n", _behind_blanks(document, place), limit)
    if end > place:
        return _behind_blanks(document, end), True  # a stretch of blanks would be </s> alone
    end = max(document.rfind(blank, place + 1, limit) for blank in " \n\t")
    return (end if end > place else limit), False


def _behind_blanks(document: str, place: int) -> int:
    while place < len(document) and document[place] in " \t\n":
        place += 1
    return place


class Encoder(tf.Module):
    """From raw text to ids, with the vocabulary as a table of the graph."""

    def __init__(self, config: Config, vocabulary: TokenVocabulary) -> None:
        super().__init__()
        self._config = config
        self._table = vocabulary.table()
        self.tables = [self._table]

    def ids(self, tokens: tf.RaggedTensor | tf.Tensor) -> tf.RaggedTensor | tf.Tensor:
        """The ids of tokens, of the same shape; int32."""
        return self._table.lookup(tokens)

    def encode(self, texts: tf.Tensor) -> tuple[tf.RaggedTensor, tf.RaggedTensor]:
        """Tokens, string, and their ids, int32, both ragged (texts, tokens); </s> included."""
        tokens = tokens_of(texts, self._config)
        return tokens, self.ids(tokens)
