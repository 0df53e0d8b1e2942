"""Scores of labels, by hand and by their definitions."""

import random

import pytest

from seqtasks.tasks.label_scores import score, table


def test_counts_by_hand():
    true = ["a", "a", "a", "b", "b", "c"]
    found = ["a", "a", "b", "b", "a", "a"]
    scores = score(true, found, ["a", "b", "c"])
    assert scores["labels"] == ["a", "b", "c"]
    assert scores["confusion"] == [[2, 1, 0], [1, 1, 0], [1, 0, 0]]
    assert scores["accuracy"] == 3 / 6
    assert scores["per_class"] == {
        "a": {"precision": 2 / 4, "recall": 2 / 3, "f1": pytest.approx(4 / 7), "texts": 3},
        "b": {"precision": 1 / 2, "recall": 1 / 2, "f1": pytest.approx(1 / 2), "texts": 2},
        # never found: no precision, and no division by 0
        "c": {"precision": 0.0, "recall": 0.0, "f1": 0.0, "texts": 1},
    }
    assert scores["f1_macro"] == pytest.approx((4 / 7 + 1 / 2 + 0) / 3)


@pytest.mark.parametrize("labels", [2, 5])
def test_scores_are_what_their_definitions_say(labels):
    draw = random.Random(labels)
    names = [f"label {i}" for i in range(labels)]
    true = draw.choices(names, range(1, labels + 1), k=200)
    found = [t if draw.random() < 0.6 else draw.choice(names) for t in true]
    pairs = list(zip(true, found, strict=True))
    scores = score(true, found, names)
    assert scores["accuracy"] == sum(t == f for t, f in pairs) / 200
    f1 = []
    for i, name in enumerate(names):
        both = sum(t == f == name for t, f in pairs)
        precision, recall = both / found.count(name), both / true.count(name)
        f1.append(2 * precision * recall / (precision + recall))
        row = scores["per_class"][name]
        assert (row["precision"], row["recall"]) == (precision, recall)
        assert row["f1"] == pytest.approx(f1[-1])
        assert row["texts"] == true.count(name) == sum(scores["confusion"][i])
        for j, other in enumerate(names):
            assert scores["confusion"][i][j] == pairs.count((name, other))
    assert scores["f1_macro"] == pytest.approx(sum(f1) / labels)


def test_a_label_that_cannot_be_predicted_is_a_miss():
    scores = score(["a", "b", "new"], ["a", "b", "b"], ["a", "b"])
    assert scores["labels"] == ["a", "b", "new"]
    assert scores["accuracy"] == pytest.approx(2 / 3)
    assert scores["per_class"]["new"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "texts": 1}
    assert scores["f1_macro"] == pytest.approx((1 + 2 / 3 + 0) / 3)


def test_a_label_that_is_nowhere_does_not_count_in_the_mean():
    scores = score(["a", "b"], ["a", "b"], ["a", "b", "unheard of"])
    assert scores["f1_macro"] == 1.0
    assert scores["per_class"].keys() == {"a", "b"}
    assert scores["labels"] == ["a", "b", "unheard of"]


def test_nothing_is_scored_as_nothing():
    scores = score([], [], ["a", "b"])
    assert (scores["accuracy"], scores["f1_macro"], scores["per_class"]) == (0.0, 0.0, {})


def test_the_table_says_it_all_and_its_columns_stand_under_each_other():
    true = ["good"] * 1200 + ["a label with quite a long name"] * 3
    found = ["good"] * 1100 + ["a label with quite a long name"] * 103
    scores = score(true, found, ["a label with quite a long name", "good"])
    text = table({**scores, "ece": 0.0625})
    per_class, totals, confusions = text.split("\n\n")
    head, *rows = per_class.splitlines()
    assert head.split() == ["precision", "recall", "F1", "texts"]
    assert {len(row) for row in rows} == {len(head)}
    assert rows[1].split() == ["good", "100.0", "91.7", "95.7", "1,200"]
    assert totals == "accuracy 91.7   mean F1 50.7   calibration error 6.2"
    head, *rows = confusions.splitlines()
    assert head.split()[:3] == ["true", "\\", "found"]
    assert {len(row) for row in rows} == {len(head)}
    assert rows[1].split() == ["good", "100", "1,100"]
