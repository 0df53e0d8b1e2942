"""A classifier that a test can afford: a dozen texts of three labels, eight units."""

import json

from seqtasks.datasets.examples import LabelledText
from seqtasks.tasks.sentiment.config import Config

MARKED = """
negative: I hated every minute of it.
negative: Cold soup, "rude" waiter, never again!
negative: The screen broke after a week.
negative: A dull, slow book.
neutral: It has two hundred pages.
neutral: The hotel stands in Oslo.
neutral: It rains.
neutral: The café opens at nine.
positive: I loved every minute of it.
positive: Warm soup, "kind" waiter, we shall come again!
positive: The screen is bright and quick 😀
positive: Slow, but a brave — even naïve — and wonderful book.
"""

EXAMPLES = [
    LabelledText(text, label)
    for label, text in (line.split(": ", 1) for line in MARKED.strip().splitlines())
]
TEXTS = [example.text for example in EXAMPLES]
LABELS = ["negative", "neutral", "positive"]

# a little of what is random in training, so that resuming has something to repeat, and so little
# that a dozen texts can be learnt by heart
TINY = Config(
    units=8,
    word_size=16,
    character_size=8,
    character_units=8,
    dropout=0.05,
    word_dropout=0.02,
    rare_word_dropout=0.0,
    epochs=30,
    batch_size=4,
    learning_rate=0.1,
    averaging=0.0,
    patience=0,
)


def write_jsonl(path, examples):
    """The examples as JSON Lines."""
    rows = [{"text": example.text, "label": example.label} for example in examples]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def write_data(directory):
    """A source with the same dozen texts in train, dev and test, so that they can be learnt."""
    directory.mkdir(parents=True, exist_ok=True)
    for split in ("train", "dev", "test"):
        write_jsonl(directory / f"{split}.jsonl", EXAMPLES)
    return directory
