"""CoNLL's scores, against cases worked out by hand and against seqeval."""

import random
import warnings

import pytest

from seqtasks.tasks.chunk_scores import score, table


def figures(true, found):
    """Precision, recall, F1, entities; sentences separated by a bar."""
    result = score(*([part.split() for part in tags.split("|")] for tags in (true, found)))
    return tuple(result[name] for name in ("precision", "recall", "f1", "entities"))


@pytest.mark.parametrize(
    ("true", "found", "expected"),
    [
        # all right
        ("B-PER I-PER O B-LOC", "B-PER I-PER O B-LOC", (1, 1, 1, 2)),
        # one of two found: P 1/1, R 1/2, F1 2·1/(1 + 2)
        ("B-PER I-PER O B-LOC", "B-PER I-PER O O", (1, 1 / 2, 2 / 3, 2)),
        # half an entity is none: P 1/2, R 1/2
        ("B-PER I-PER O B-LOC", "B-PER O O B-LOC", (1 / 2, 1 / 2, 1 / 2, 2)),
        ("O B-PER O", "B-PER I-PER O", (0, 0, 0, 1)),
        # the right place, another type
        ("B-PER I-PER O", "B-ORG I-ORG O", (0, 0, 0, 1)),
        # one entity cut in two: found 2, right 0
        ("B-PER I-PER", "B-PER B-PER", (0, 0, 0, 1)),
        # two joined: found 1, right 0
        ("B-PER B-PER", "B-PER I-PER", (0, 0, 0, 2)),
        # the same place in another sentence is another entity
        ("B-PER O | O B-PER", "O B-PER | B-PER O", (0, 0, 0, 2)),
        # averages are of entities, not of sentences: right 2, found 3, true 4
        (
            "B-PER B-PER B-LOC | B-LOC O O",
            "B-PER O O | B-LOC B-LOC O",
            (2 / 3, 2 / 4, 2 * 2 / (3 + 4), 4),
        ),
        # ill-formed, as conlleval reads it: I after O begins
        ("O I-PER I-PER O", "O B-PER I-PER O", (1, 1, 1, 1)),
        # I of another type begins
        ("B-PER I-LOC", "B-PER B-LOC", (1, 1, 1, 2)),
        ("I-PER I-LOC I-LOC", "B-PER B-LOC I-LOC", (1, 1, 1, 2)),
        # I at the head of a sentence does not go on with the one before
        ("B-PER | I-PER", "B-PER | B-PER", (1, 1, 1, 2)),
        # found nothing, nothing to find, neither
        ("B-PER O", "O O", (0, 0, 0, 1)),
        ("O O", "B-PER O", (0, 0, 0, 0)),
        ("O O", "O O", (0, 0, 0, 0)),
    ],
)
def test_cases_worked_out_by_hand(true, found, expected):
    assert figures(true, found) == pytest.approx(expected)


def test_no_sentence_at_all():
    assert score([], []) == {"precision": 0, "recall": 0, "f1": 0, "entities": 0, "per_type": {}}
    assert score([()], [()])["per_type"] == {}


def test_each_type_by_itself():
    true = [["B-PER", "O", "B-LOC", "B-LOC"]]
    found = [["B-PER", "B-ORG", "B-LOC", "O"]]
    per_type = score(true, found)["per_type"]
    assert per_type == {
        "LOC": {"precision": 1.0, "recall": 0.5, "f1": 2 / 3, "entities": 2},
        # invented only
        "ORG": {"precision": 0.0, "recall": 0.0, "f1": 0.0, "entities": 0},
        "PER": {"precision": 1.0, "recall": 1.0, "f1": 1.0, "entities": 1},
    }
    assert list(per_type) == sorted(per_type)


@pytest.mark.parametrize(
    ("true", "found"),
    [
        ([["O", "O"]], [["O"]]),
        ([["O"]], [["O", "O"]]),
        ([["O"], ["O"]], [["O"]]),
        ([["O"]], [["O"], ["O"]]),
    ],
)
def test_unequal_lengths_are_an_error(true, found):
    with pytest.raises(ValueError):
        score(true, found)


def random_tags(generator, length):
    """Well-formed IOB2."""
    tags = []
    while len(tags) < length:
        if generator.random() < 0.5:
            tags.append("O")
        else:
            type_ = generator.choice(["PER", "LOC", "ORG", "creative-work"])
            tags += [f"B-{type_}", *[f"I-{type_}"] * generator.randrange(3)]
    return tags[:length]


@pytest.mark.parametrize("seed", range(5))
def test_seqeval_agrees(seed):
    from seqeval.metrics import classification_report

    generator = random.Random(seed)
    lengths = [generator.randrange(1, 15) for _ in range(60)]
    true = [random_tags(generator, n) for n in lengths]
    # mostly right, so that all counts are well above 0
    found = [t if generator.random() < 0.5 else random_tags(generator, len(t)) for t in true]
    ours = score(true, found)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = classification_report(true, found, output_dict=True, zero_division=0)
    assert ours["f1"] > 0.3
    names = {"precision": "precision", "recall": "recall", "f1": "f1-score", "entities": "support"}
    pairs = [(ours, theirs["micro avg"])]
    pairs += [(row, theirs[type_]) for type_, row in ours["per_type"].items()]
    assert len(pairs) == 5
    for one, other in pairs:
        for our_name, their_name in names.items():
            assert one[our_name] == pytest.approx(other[their_name])


def test_the_table_has_a_line_a_type_and_one_for_all():
    result = score([["B-PER", "B-LOC", "O"]], [["B-PER", "O", "B-creative-work"]])
    head, *rows = table(result).splitlines()
    assert head.split() == ["precision", "recall", "F1", "entities"]
    assert [row.split() for row in rows] == [
        ["LOC", "0.0", "0.0", "0.0", "1"],
        ["PER", "100.0", "100.0", "100.0", "1"],
        ["creative-work", "0.0", "0.0", "0.0", "0"],
        ["all", "50.0", "50.0", "50.0", "2"],
    ]
    assert len({len(line) for line in [head, *rows]}) == 1  # aligned
