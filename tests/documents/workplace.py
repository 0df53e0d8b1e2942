"""A folder in which the documents' commands run.

It has the files that they name, and settings so small that each training takes seconds.
"""

import json
import random
from dataclasses import asdict, replace

from seqtasks.datasets import sample_lm, sample_ner
from tests import tiny_lm, tiny_music, tiny_ner, tiny_sentiment
from tests.cli.tables import write_table
from tests.datasets.music.midi_bytes import TICKS, melody, midi

SPLITS = ("train", "dev", "test")
HARRY = "[PER Harry Potter] and [PER Hermione Granger] invented a new spell ."


def few_sentences():
    """A sample that a tagger learns by heart, with the sentence that all documents show."""
    marked = [HARRY] * 4 + tiny_ner.MARKED.strip().splitlines()
    return {
        split: [sample_ner.unmark(line) for line in marked] for split in ("train", "dev", "test")
    }


def few_reviews():
    """Reviews of two labels, so few that a classifier learns them by heart."""
    examples = [e for e in tiny_sentiment.EXAMPLES if e.label != "neutral"]
    return {split: list(examples) for split in SPLITS}


def few_lines():
    """The first sentences of the language model's sample."""
    drawn = sample_lm.grammar().draw
    return {
        split: [" ".join(drawn("sentence", random.Random(n)).tokens) for n in range(count)]
        for split, count in (("train", 120), ("dev", 20), ("test", 20))
    }


def few_chorales(steps_per_beat, progress=None, say=None):
    """Chorales of two voices, of which one has as wide a range as choirs have."""
    wide = tiny_music.voiced(
        "79 - 76 - | 67 - 64 60", "64 - 60 - | 48 - 36 -", upbeat=0, genre="major", tonic=0
    )
    return {split: [*tiny_music.CHORALES, wide] for split in SPLITS}


def make_samples_small(monkeypatch):
    """Put these in the place of the embedded samples."""
    for module, few in (
        ("sample_ner", few_sentences),
        ("sample_sentiment", few_reviews),
        ("sample_lm", few_lines),
        ("music.chorales", few_chorales),
    ):
        monkeypatch.setattr(f"seqtasks.datasets.{module}.load", few)


def write_files(place):
    """What stands for the reader's own files: mydata, reviews.csv, book.txt, tune.mid, …."""
    tiny_ner.write_data(place / "mydata")
    (place / "letters.txt").write_text("\n".join(tiny_ner.TEXTS) + "\n", "utf-8")
    rows = [(e.text, str(len(e.label) - 7)) for e in tiny_sentiment.EXAMPLES]
    several = [(f"{text} {extra}", stars) for extra in ("", "So", "Yes") for text, stars in rows]
    write_table(place / "reviews.csv", [("review", "stars"), *several])
    write_table(place / "new.csv", [("number", "review"), *enumerate(tiny_sentiment.TEXTS)])
    (place / "book.txt").write_text(tiny_lm.TEXT * 4, "utf-8")
    tones = [(i * TICKS, (i + 1) * TICKS, 60 + i % 5) for i in range(8)]
    (place / "tune.mid").write_bytes(midi(melody(*tones)))
    for number in range(12):
        folder = place / "tunes" / ("jigs", "reels")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        tune = [(i * TICKS, (i + 1) * TICKS, 60 + (i * number) % 7) for i in range(8)]
        (folder / f"{number}.mid").write_bytes(midi(melody(*tune)))
    small = {
        # without letters and CRF, whose graphs take most of the time
        "ner": replace(
            tiny_ner.TINY, decoder="softmax", characters="none", lift_search=False, epochs=20
        ),
        "sentiment": replace(tiny_sentiment.TINY, epochs=4),
        "lm": replace(tiny_lm.TINY, epochs=1, separate=None),
        "music": replace(tiny_music.TINY, epochs=1),
    }
    for task, config in small.items():
        settings = {name: value for name, value in asdict(config).items() if value is not None}
        (place / f"{task}.json").write_text(json.dumps(settings))
