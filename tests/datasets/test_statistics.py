import pytest

from seqtasks.datasets.examples import Entity, TaggedSentence, TaggedText
from seqtasks.datasets.statistics import beginning, marked, statistics, text_statistics

SENTENCE = TaggedSentence(
    ("Ada", "King", "Bob", "slept", "in", "Oslo"),
    ("B-PER", "I-PER", "B-PER", "O", "O", "B-LOC"),
)
TEXT = TaggedText(
    "Ada King, Bob slept in Oslo",
    (Entity(0, 8, "PER"), Entity(10, 13, "PER"), Entity(23, 27, "LOC")),
)


@pytest.mark.parametrize("example", [SENTENCE, TEXT])
def test_statistics_count_sentences_words_and_entities(example):
    assert statistics([example]) == "1 sentences, 6 words, 3 entities (LOC 1, PER 2)"
    assert statistics([example] * 500).startswith("500 sentences, 3,000 words, 1,500 entities")


def test_statistics_of_nothing():
    assert statistics([]) == "0 sentences, 0 words, 0 entities ()"


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        # neighbours of one type stay two
        (SENTENCE, "[PER Ada King] [PER Bob] slept in [LOC Oslo]"),
        (TEXT, "[PER Ada King], [PER Bob] slept in [LOC Oslo]"),
        # no entity
        (TaggedSentence(("a", "b"), ("O", "O")), "a b"),
        (TaggedText("a b", ()), "a b"),
        (TaggedText("", ()), ""),
    ],
)
def test_marked(example, expected):
    assert marked(example) == expected


def test_labels_are_counted():
    from seqtasks.datasets.examples import LabelledText
    from seqtasks.datasets.statistics import label_statistics, labelled

    texts = [LabelledText("good  film", "up"), LabelledText("bad", "down"), LabelledText("", "up")]
    assert label_statistics(texts) == "3 texts, 3 words (down 1, up 2)"
    assert labelled(texts[0]) == "up  good film"


def test_statistics_of_plain_text():
    found = text_statistics(["One line.\nAnd another\n", "naïve"])
    assert found == "2 documents, 3 lines, 5 words, 27 characters"


def test_a_long_document_is_shown_by_its_beginning():
    assert beginning("Two\nlines.") == "Two lines."
    assert len(beginning("word " * 10_000)) == 200
