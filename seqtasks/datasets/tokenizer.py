"""From raw strings to sentences of tokens, as one piece of TensorFlow graph.

Training on raw text, `predict` and the exported SavedModel all run this very code, so they cannot
disagree. Its only inputs are strings and its only operations are TensorFlow's own.

How it works: every code point is mapped to one ASCII character that behaves as it does (`é` to
`a`, `Ж` to `A`, `“` to `"`), so that the regular expressions below are short and fast. A character
that the text cannot hold (`MARK`) is written around everything that `TOKEN` matches, then before
clitics (`it|'s`, `do|n't`). Cutting at the marks gives pieces that, joined, are the text again, so
that a token's place is the sum of the lengths before it.
"""

import unicodedata
from functools import cache
from typing import NamedTuple

import numpy as np
import tensorflow as tf

MARK = "\x1f"
JOINER = "\x7f"  # stands for what joins the parts of an emoji, or of a word in Indic scripts

# Titles and short forms that keep their full stop and do not end a sentence.
TITLE = (
    r"(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|Gen|Col|Lt|Sgt|Capt|Maj|Rev|Hon|Gov|Sen|Rep|Pres|Mt|Ft|vs|cf"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\."
)
# Short forms that keep it and may end a sentence.
ENDING = r"(?:Inc|Ltd|Co|Corp|Bros|etc|a\.m|p\.m|e\.g|i\.e)\."
INITIALS = r"(?:[A-Z]\.){2,}|[A-HJ-Z]\."

# The first alternative that matches wins, as in Python's `re`.
TOKEN = "|".join(
    [
        r"(?i:https?://|www\.)[^\s<>\"]*[A-Za-z0-9/]",  # web addresses, without what closes them
        r"[A-Za-z0-9][A-Za-z0-9._+-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+",  # e-mail addresses
        r"[@#]\w+",  # @handles and #tags
        r"[0-9]+(?:[.,:/][0-9]+)+[A-Za-z]*",  # 3,000.50  12:30pm  1/2
        rf"\b(?:{TITLE}|{ENDING}|{INITIALS})",
        rf"\w(?:[\w{JOINER}]|[-'&+/]\w|\.[a-z0-9])*",  # well-known  A&M  v2.0
        r"[.]{2,}|[!?]{2,}|-{2,}|[*]{2,}|={2,}|~{2,}",  # ... -- **
        r"[:;=][-'^]?(?:[()/|]|[DPOop]\b)",  # :-) ;D
        rf"[^\s\w](?:{JOINER}[^\s\w]?)*|\S",  # any other sign stands alone, but for emoji of parts
    ]
)
CLITIC = rf"(?i)(n't|'(?:s|m|d|re|ve|ll)){MARK}"
STOP = rf"[.!?]+|{ENDING}"
CLOSER = r"[\"')\]]"
OPENER = r"[A-Z0-9\"'(\[@#].*|https?:.*"

# Format characters within words: soft hyphen, non-joiner, word joiner.
JOINING = {0xAD, 0x200C, 0x2060}
LIKE = dict.fromkeys("‘’‛ʼ´", "'") | dict.fromkeys("“”„‟«»", '"') | {"…": ".", "！": "!", "？": "?"}


class Tokens(NamedTuple):
    """Tokens of a batch of texts; every field is ragged, of shape (texts, tokens)."""

    text: tf.RaggedTensor  # string, the token itself
    start: tf.RaggedTensor  # int32, first code point of the token in its text
    end: tf.RaggedTensor  # int32, one behind its last code point
    start_byte: tf.RaggedTensor  # int32, the same in bytes
    end_byte: tf.RaggedTensor
    first: tf.RaggedTensor  # bool, whether the token opens a sentence


def tokenize(texts: tf.Tensor, longest: int = 0) -> Tokens:
    """Cut each text into tokens, with their places and the heads of sentences.

    texts: string tensor of shape (batch,), UTF-8. A byte that is none counts as U+FFFD.
    longest: a sentence is cut after that many tokens (0: never), so that a text without a full
        stop does not need memory without bound.

    Returns `Tokens`. Nothing but white space and control characters is left out.
    """
    points, offsets = tf.strings.unicode_decode_with_offsets(texts, "UTF-8", errors="replace")
    classes = character_classes(points)
    marked = tf.strings.regex_replace(classes, f"({TOKEN})", rf"{MARK}\1{MARK}")
    marked = tf.strings.regex_replace(marked, CLITIC, rf"{MARK}\1{MARK}")
    pieces = tf.strings.split(marked, MARK)
    length = tf.ragged.map_flat_values(tf.strings.length, pieces)
    end = _running_sum(length)
    kept = tf.ragged.map_flat_values(tf.strings.regex_full_match, pieces, r"\S+")
    kept_class, start, end = (tf.ragged.boolean_mask(x, kept) for x in (pieces, end - length, end))
    words = tf.RaggedTensor.from_row_lengths(points.flat_values, length.flat_values)
    words = tf.strings.unicode_encode(words, "UTF-8")
    words = kept_class.with_flat_values(tf.boolean_mask(words, kept.flat_values))
    total = tf.strings.length(texts)
    to_byte = tf.concat([tf.cast(offsets, tf.int32), total[:, tf.newaxis]], axis=1)
    newlines = _running_sum(
        points.with_flat_values(tf.cast(_is_newline(points.flat_values), tf.int32))
    )
    newlines = tf.concat([newlines, tf.zeros_like(total)[:, tf.newaxis]], axis=1)
    first = _sentence_heads(
        kept_class, start, end, tf.gather(newlines, start, batch_dims=1), longest
    )
    start_byte, end_byte = (tf.gather(to_byte, x, batch_dims=1) for x in (start, end))
    return Tokens(words, start, end, start_byte, end_byte, first)


def sentences(tokens: Tokens) -> tf.RaggedTensor:
    """Regroup the tokens of all texts by sentence: string, (sentences of the batch, tokens)."""
    number = tf.cumsum(tf.cast(tokens.first.flat_values, tf.int64))
    count = tf.reduce_sum(tf.cast(tokens.first.flat_values, tf.int64))
    return tf.RaggedTensor.from_value_rowids(tokens.text.flat_values, number - 1, nrows=count)


def character_classes(points: tf.RaggedTensor) -> tf.Tensor:
    """Each row of code points as a string of ASCII characters that behave alike, one for one."""
    flat = tf.minimum(points.flat_values, 0xFFFF)
    # beyond the first plane: ideographs are letters, the rest (emoji, mostly) are signs
    ideograph = (points.flat_values >= 0x20000) & (points.flat_values < 0x40000)
    known = tf.gather(tf.constant(_class_table()), flat)
    beyond = tf.where(ideograph, tf.constant(ord("a"), tf.uint8), tf.constant(ord("^"), tf.uint8))
    table = tf.where(points.flat_values > 0xFFFF, beyond, known)
    return tf.strings.unicode_encode(points.with_flat_values(tf.cast(table, tf.int32)), "UTF-8")


@cache
def _class_table() -> np.ndarray:
    """The ASCII character that each code point of the first plane behaves like, uint8."""
    return np.array([ord(_class(point)) for point in range(0x10000)], np.uint8)


def _class(point: int) -> str:
    character = chr(point)
    category = unicodedata.category(character)
    if point < 128:
        return " " if category == "Cc" else character
    if character in LIKE:
        return LIKE[character]
    if point == 0x200D or 0xFE00 <= point <= 0xFE0F:
        return JOINER
    if point in JOINING or category[0] == "M":
        return "a"
    if category in ("Lu", "Lt"):
        return "A"
    return {"L": "a", "N": "0", "Z": " ", "C": " "}.get(category[0], "^")


def _is_newline(points: tf.Tensor) -> tf.Tensor:
    return (points == 10) | (points == 0x2028) | (points == 0x2029)


def _sentence_heads(
    classes: tf.RaggedTensor,
    start: tf.RaggedTensor,
    end: tf.RaggedTensor,
    newlines: tf.RaggedTensor,
    longest: int,
) -> tf.RaggedTensor:
    """Whether each token opens a sentence: first of its text or line, or behind a full stop."""
    token = classes.flat_values
    row = classes.value_rowids()
    new_text = row != _before(row, -1)
    new_line = newlines.flat_values != _before(newlines.flat_values, 0)
    attached = (start.flat_values == _before(end.flat_values, -1)) & ~new_text
    closer = tf.strings.regex_full_match(token, CLOSER) & attached
    closes = tf.strings.regex_full_match(token, STOP)
    for _ in range(2):  # a stop may be followed by a bracket and a quotation mark
        closes |= closer & _before(closes, False)
    opener = tf.strings.regex_full_match(token, OPENER) & ~attached
    first = new_text | new_line | (_before(closes, False) & opener)
    if longest:
        head = tf.gather(tf.where(first)[:, 0], tf.cumsum(tf.cast(first, tf.int64)) - 1)
        first |= (tf.range(tf.size(token, tf.int64)) - head) % longest == 0
    return classes.with_flat_values(first)


def _before(x: tf.Tensor, default: object) -> tf.Tensor:
    """The item before each; `default` before the first."""
    return tf.concat([tf.fill([1], tf.constant(default, x.dtype)), x], axis=0)[:-1]


def _running_sum(x: tf.RaggedTensor) -> tf.RaggedTensor:
    """Sums along each row of a ragged integer tensor, each item included."""
    total = tf.cumsum(x.flat_values)
    before = tf.gather(tf.concat([[0], total], axis=0), x.row_starts())
    return x.with_flat_values(total - tf.gather(before, x.value_rowids()))
