"""The scores of a tagger, and what went wrong."""

import pytest

from seqtasks.datasets.examples import Entity, TaggedSentence, TaggedText
from seqtasks.datasets.jsonl import read_jsonl, write_jsonl
from seqtasks.tasks import ner
from tests.tiny_ner import SENTENCES, TEXTS


def test_what_predict_says_can_be_evaluated(tiny_tagger, tmp_path):
    lines = list(tiny_tagger.tag_texts(TEXTS))
    examples = [
        TaggedText(line.text, tuple(Entity(e.start, e.end, e.type) for e in line.entities))
        for line in lines
    ]
    write_jsonl(tmp_path / "found.jsonl", examples)
    result = ner.evaluate(tiny_tagger, read_jsonl(tmp_path / "found.jsonl"))
    assert result.scores["f1"] == 1.0
    assert result.scores["sentences"] == len(TEXTS)
    assert result.scores["tokens"] == sum(len(line.tokens) for line in lines)
    assert result.notes == ()
    assert result.mistakes == []


def test_an_entity_within_a_word_is_widened_and_counted(tiny_tagger):
    text = TaggedText("Timothy lives .", (Entity(0, 3, "PER"),))
    result = ner.evaluate(tiny_tagger, [text])
    assert result.notes[0].startswith("1 entities do not begin and end where tokens do")
    assert result.scores["entities"] == 1


def test_an_entity_over_the_end_of_a_sentence_is_cut_there(tiny_tagger):
    text = TaggedText("Tim went. Oslo slept.", (Entity(4, 14, "ORG"),))
    result = ner.evaluate(tiny_tagger, [text])
    assert result.scores["sentences"] == 2
    assert result.scores["per_type"]["ORG"]["entities"] == 2


def test_a_tag_that_training_never_saw_is_a_counted_miss(tiny_tagger):
    strange = TaggedSentence(("Tim", "saw", "Hamlet", "II"), ("B-PER", "O", "B-WORK", "I-WORK"))
    result = ner.evaluate(tiny_tagger, [*SENTENCES, strange])
    (note,) = result.notes
    assert note.startswith("2 tags of types that training never saw (WORK)")
    assert "missed" in note
    assert result.scores["per_type"]["WORK"] == {
        "precision": 0.0,
        "recall": 0.0,
        "f1": 0.0,
        "entities": 1,
    }
    assert result.scores["recall"] < 1.0


@pytest.mark.parametrize(
    ("true", "kinds"),
    [
        # the tagger knows the first sentence by heart: Ada Lovelace PER, Tim PER, Oslo LOC
        ("B-PER I-PER O B-PER O B-LOC O", []),
        ("B-PER I-PER O B-PER O B-ORG O", [("type", "ORG Oslo", "LOC Oslo")]),
        ("B-PER O O B-PER O B-LOC O", [("bounds", "PER Ada", "PER Ada Lovelace")]),
        ("B-ORG O O B-PER O B-LOC O", [("bounds and type", "ORG Ada", "PER Ada Lovelace")]),
        ("B-PER I-PER O O O B-LOC O", [("invented", "", "PER Tim")]),
        ("B-PER I-PER O B-PER O B-LOC B-LOC", [("missed", "LOC .", "")]),
        # two entities where one was found: the second has no counterpart
        (
            "B-PER B-PER O B-PER O B-LOC O",
            [("bounds", "PER Ada", "PER Ada Lovelace"), ("missed", "PER Lovelace", "")],
        ),
    ],
)
def test_mistakes_have_a_kind(tiny_tagger, true, kinds):
    first = TaggedSentence(SENTENCES[0].tokens, tuple(true.split()))
    result = ner.evaluate(tiny_tagger, [SENTENCES[1], first])
    text = " ".join(first.tokens)
    assert result.mistakes == [(2, *kind, text) for kind in kinds]
