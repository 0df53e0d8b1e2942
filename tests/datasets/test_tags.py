import random

import pytest
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import BILOU, IOB1, IOB2, IOBES, Entities

from seqtasks.datasets.tags import (
    SCHEMES,
    Span,
    convert,
    detect,
    encode,
    ill_formed,
    is_tag,
    spans,
    to_iob2,
)

SEEDS = range(30)


def random_spans(seed, apart=False):
    """Random entities over up to 30 tokens; `apart` leaves a token between neighbours."""
    rng = random.Random(seed)
    found, position = [], 0
    while position < 30 and rng.random() < 0.9:
        start = position + rng.randrange(3) + (apart and bool(found))
        end = start + 1 + rng.randrange(4)
        found.append(Span(start, end, rng.choice(["PER", "LOC", "creative-work"])))
        position = end
    return found, position + rng.randrange(3)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_scheme_says_the_same_entities(scheme, seed):
    entities, length = random_spans(seed, apart=scheme == "IO")
    tags = encode(entities, length, scheme)
    assert spans(tags) == entities
    assert ill_formed(tags, scheme) == 0
    assert convert(tags, "IOB2") == encode(entities, length)
    assert convert(convert(tags, "IOB2"), scheme) == tags


def test_io_joins_neighbours_of_one_type():
    assert convert(["B-PER", "B-PER", "B-LOC"], "IO") == ("I-PER", "I-PER", "I-LOC")
    assert spans(["I-PER", "I-PER", "I-LOC"]) == [Span(0, 2, "PER"), Span(2, 3, "LOC")]


@pytest.mark.parametrize(
    ("scheme", "judge"), [("IOB1", IOB1), ("IOB2", IOB2), ("IOBES", IOBES), ("BILOU", BILOU)]
)
@pytest.mark.parametrize("seed", SEEDS)
def test_spans_agree_with_seqeval_on_well_formed_tags(scheme, judge, seed):
    tags = encode(*random_spans(seed), scheme)
    strict = [entity.to_tuple()[1:] for entity in Entities([list(tags)], judge).entities[0]]
    assert [(type_, start, end) for start, end, type_ in spans(tags)] == strict
    if scheme != "BILOU":  # which seqeval's lenient reader does not know
        lenient = [(start, end + 1, type_) for type_, start, end in get_entities(list(tags))]
        assert spans(tags) == lenient


@pytest.mark.parametrize("seed", SEEDS)
def test_spans_agree_with_seqeval_on_any_tags(seed):
    rng = random.Random(seed)
    tags = rng.choices(["O", "B-X", "I-X", "E-X", "S-X", "B-Y", "I-Y", "E-Y", "S-Y"], k=40)
    assert spans(tags) == [(start, end + 1, type_) for type_, start, end in get_entities(tags)]


@pytest.mark.parametrize(
    ("tags", "entities"),
    [
        # an I after O begins an entity
        ("O I-PER I-PER", [(1, 3, "PER")]),
        # at the head of a sentence too
        ("I-PER O", [(0, 1, "PER")]),
        # an I of another type begins a new one, after B and after I
        ("B-PER I-LOC I-LOC", [(0, 1, "PER"), (1, 3, "LOC")]),
        ("I-PER I-LOC", [(0, 1, "PER"), (1, 2, "LOC")]),
        # a B always begins one
        ("B-PER B-PER I-PER", [(0, 1, "PER"), (1, 3, "PER")]),
        # E without B is an entity of its own
        ("O E-PER O", [(1, 2, "PER")]),
        # an E ends an entity, whatever follows
        ("B-PER E-PER E-PER", [(0, 2, "PER"), (2, 3, "PER")]),
        ("B-PER E-PER I-PER", [(0, 2, "PER"), (2, 3, "PER")]),
        # so does an S
        ("S-PER I-PER", [(0, 1, "PER"), (1, 2, "PER")]),
        # an entity that never gets its E ends before O and before the next beginning
        ("B-PER I-PER O", [(0, 2, "PER")]),
        ("B-PER S-PER", [(0, 1, "PER"), (1, 2, "PER")]),
        # an E of another type is an entity of its own
        ("B-PER E-LOC", [(0, 1, "PER"), (1, 2, "LOC")]),
        # L and U mean what E and S mean
        ("L-PER U-PER I-PER", [(0, 1, "PER"), (1, 2, "PER"), (2, 3, "PER")]),
        # nothing
        ("O O", []),
        ("", []),
    ],
)
def test_spans_read_ill_formed_tags_as_conlleval_does(tags, entities):
    assert spans(tags.split()) == entities


@pytest.mark.parametrize(
    ("sentences", "scheme", "repaired"),
    [
        (["B-PER I-PER O B-LOC"], "IOB2", 0),
        (["I-PER I-PER O I-LOC"], "IO", 0),
        # B between neighbours only, and the others begin with I
        (["I-PER I-PER O I-LOC", "I-LOC B-LOC I-LOC"], "IOB1", 0),
        # one entity of many begins with I: IOB2 with a slip, counted
        (["B-PER I-PER O B-LOC", "O I-LOC O", "B-ORG B-ORG"], "IOB2", 1),
        # a single B among entities that begin with I: IOB1 with a slip
        (["I-PER O I-LOC", "I-LOC O I-LOC", "O B-ORG O"], "IOB1", 1),
        # as many slips either way: IOB2
        (["B-PER O I-LOC"], "IOB2", 1),
        # I of another type right after B
        (["B-PER I-LOC", "B-PER I-PER"], "IOB2", 1),
        # a type of single tokens
        (["B-PER O B-PER B-PER"], "IOB2", 0),
        (["B-PER I-PER E-PER S-LOC"], "IOBES", 0),
        (["S-LOC O"], "IOBES", 0),
        # the I wants to be an E, the E has no B
        (["B-PER I-PER O", "E-PER O", "S-PER"], "IOBES", 2),
        (["B-PER I-PER L-PER U-LOC"], "BILOU", 0),
        (["B-PER L-PER O O"], "BILOU", 0),
        (["B-PER U-LOC"], "BILOU", 1),
        (["O O"], "IOB2", 0),
        ([], "IOB2", 0),
    ],
)
def test_the_scheme_is_found_and_slips_are_counted(sentences, scheme, repaired):
    tags = [sentence.split() for sentence in sentences]
    iob2 = to_iob2(tags)
    assert (iob2.scheme, iob2.repaired) == (scheme, repaired)
    assert [spans(sentence) for sentence in iob2.tags] == [spans(sentence) for sentence in tags]
    assert sum(ill_formed(sentence, "IOB2") for sentence in iob2.tags) == 0


def test_iobes_and_bilou_do_not_mix():
    with pytest.raises(ValueError, match="mixed"):
        detect([["S-PER"], ["U-PER"]])


@pytest.mark.parametrize("tag", ["O", "B-PER", "I-creative-work", "L-a b", "U-Ö"])
def test_tags(tag):
    assert is_tag(tag)


@pytest.mark.parametrize("tag", ["", "PERSON", "X-PER", "B-", "B", "O-PER", "b-PER", "0", "B- x"])
def test_what_is_no_tag(tag):
    assert not is_tag(tag)


@pytest.mark.parametrize("wrong", [[(0, 2, "X"), (1, 3, "X")], [(1, 1, "X")], [(2, 9, "X")]])
def test_spans_that_no_tags_can_say(wrong):
    with pytest.raises(ValueError, match="is empty, outside 4 tokens or overlaps"):
        encode([Span(*span) for span in wrong], 4)
