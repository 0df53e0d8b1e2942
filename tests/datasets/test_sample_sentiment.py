"""The sample for sentiment. Texts of the test split are compared and counted, never shown."""

import re
import subprocess
import sys
from collections import Counter, defaultdict
from itertools import chain, product
from math import prod

import pytest

from seqtasks.datasets.examples import LabelledText
from seqtasks.datasets.sample_sentiment import (
    COPIES,
    LABELS,
    Review,
    load,
    load_reviews,
)
from seqtasks.datasets.sample_sentiment.fillers import LISTS, Fillers
from seqtasks.datasets.sample_sentiment.wording import option_numbers
from tests.datasets.sentiment_sample import ALL_FRAMES, FRAMES, MADE, REVIEWS, texts

SPLITS = ["train", "dev", "test"]
DOMAINS = {"film", "book", "food", "hotel", "gadget"}


def bare(text):
    """The words of a text, so that texts which differ in case or marks alone are equal."""
    return " ".join(re.findall(r"\w+", text.lower()))


def test_loading_is_deterministic():
    # compared to a bool first: pytest would show where two lists differ
    assert bool(load_reviews() == REVIEWS)


def test_another_process_makes_the_same(tmp_path):
    script = (
        "from seqtasks.datasets.sample_sentiment import load;import hashlib;"
        "print(hashlib.sha256(repr(load()).encode()).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            cwd=tmp_path,
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_what_is_loaded():
    sample = load()
    assert list(sample) == SPLITS
    for split, examples in sample.items():
        reviews = REVIEWS[split]
        assert len(examples) == len(reviews)
        for example, review in zip(examples, reviews, strict=True):
            same = example == LabelledText(review.text, LABELS[review.label])
            assert same
    assert {example.label for example in chain(*sample.values())} == {"positive", "negative"}


def test_size():
    assert len(ALL_FRAMES) >= 300
    assert len(REVIEWS["test"]) == 420
    assert len(REVIEWS["train"]) > 0.9 * COPIES * len(FRAMES["train"])
    assert 0.08 < len(FRAMES["dev"]) / len(ALL_FRAMES) < 0.12


@pytest.mark.parametrize("split", SPLITS)
def test_labels_are_balanced_in_every_domain(split):
    counts = Counter((review.domain, review.label) for review in REVIEWS[split])
    assert {domain for domain, _ in counts} == DOMAINS
    for domain in DOMAINS:
        positive, negative = counts[domain, "pos"], counts[domain, "neg"]
        assert abs(positive - negative) <= 0.02 * (positive + negative)
        assert positive + negative > 0.1 * len(REVIEWS[split])


def faults(frame):
    """What is wrong with a frame."""
    if frame.label not in LABELS or frame.domain not in DOMAINS:
        yield "label or domain"
    choices = re.findall(r"\[([^\[\]]*)\]", frame.text)
    rest = re.sub(r"\[[^\[\]|]+(?:\|[^\[\]|]+)+\]", "", frame.text)
    if set("[]|") & set(rest):
        yield "choices"
    if any(len(set(choice.split("|"))) < choice.count("|") + 1 for choice in choices):
        yield "an option twice"
    slots = re.findall(r"\{(\w+)\}", frame.text)
    if not len(slots) == frame.text.count("{") == frame.text.count("}"):
        yield "slots"
    yield from set(slots) - set(LISTS)


def test_frames_are_well_formed():
    found = {frame.text: list(faults(frame)) for frame in ALL_FRAMES}
    assert {text: found for text, found in found.items() if found} == {}


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("{film} is [good|a joy], [|twice]", 1),  # an empty option
        ("[good]", 1),
        ("[a|[b|c]]", 1),
        ("a|b", 1),
        ("[a|b", 1),
        ("[a|b|a]", 1),
        ("{filn}", 1),
        ("{film", 1),
        ("{film} is [good|a joy]", 0),
    ],
)
def test_faults_are_found(text, count):
    assert len(list(faults(Review("pos", "film", text)))) == count


def test_no_frame_stands_twice():
    times = Counter(bare(frame.text) for frame in ALL_FRAMES)
    assert [frame for frame, count in times.items() if count > 1] == []


def test_texts_are_finished():
    for review in MADE:
        assert not set("[]{}|\t\n") & set(review.text)
        assert review.text == " ".join(review.text.split()) != ""


def test_splits_have_no_text_in_common():
    train, dev, test = ({bare(review.text) for review in REVIEWS[split]} for split in SPLITS)
    assert len(train & dev) == 0
    assert sum(text in train or text in dev for text in test) == 0
    assert len(test) == len(REVIEWS["test"])


def test_validation_has_frames_of_its_own():
    train, dev = ({bare(frame.text) for frame in FRAMES[split]} for split in ("train", "dev"))
    assert not train & dev


def test_no_text_has_two_labels():
    labels = defaultdict(set)
    for review in MADE:
        labels[bare(review.text)].add(review.label)
    assert [text for text, found in labels.items() if len(found) > 1] == []


def test_all_options_of_all_frames_are_reachable():
    for frame in ALL_FRAMES:
        sizes = [choice.count("|") + 1 for choice in re.findall(r"\[([^\]]*)\]", frame.text)]
        drawn = [option_numbers(sizes, copy) for copy in range(max(sizes, default=0))]
        assert [len(set(column)) for column in zip(*drawn, strict=True)] == sizes


@pytest.mark.parametrize("sizes", [[2, 2], [2, 4], [3, 6, 2], [2, 2, 2, 2], [5, 3], [4], []])
def test_copies_differ_as_far_as_they_can(sizes):
    drawn = [tuple(option_numbers(sizes, copy)) for copy in range(prod(sizes))]
    assert set(drawn) == set(product(*map(range, sizes)))
    for choice, size in enumerate(sizes):
        assert {numbers[choice] for numbers in drawn[:size]} == set(range(size))


def test_a_frame_makes_as_many_texts_as_it_can():
    assert len(set(texts("It [is|was] [fun|a joy]"))) == 4
    assert len(texts("It [is|was] fun")) == 2
    assert len(texts("It was fun")) == 1
    assert len(set(texts("{film} was fun"))) == 4
    assert {text[-1] for text in texts("{film} was [a|b|c|d|e|f]", copies=6)} == set("abcdef")


@pytest.mark.parametrize("name", LISTS)
def test_lists(name):
    items = LISTS[name]
    assert len(set(items)) == len(items)
    assert len(items) >= {"film": 60, "book": 60, "month": 12, "digits": 39}.get(name, 40)
    assert all(re.fullmatch(r"[\w&' -]+", item) for item in items)


@pytest.mark.parametrize("name", LISTS)
def test_a_text_has_no_filler_twice(name):
    fillers, used = Fillers("test"), set()
    assert len({fillers.draw("pos", name, used) for _ in range(len(LISTS[name]))}) == len(
        LISTS[name]
    )


@pytest.mark.parametrize("name", LISTS)
def test_every_filler_is_dealt_evenly_to_both_labels(name):
    fillers = Fillers("test")
    times = {"pos": 1000, "neg": 700}
    counts = {
        label: Counter(fillers.draw(label, name, set()) for _ in range(number))
        for label, number in times.items()
    }
    for label, number in times.items():
        share = number / len(LISTS[name])
        assert all(share - 1 < counts[label][item] < share + 1 for item in LISTS[name])


@pytest.mark.parametrize("name", ["film", "book", "author", "actor", "place", "hotel", "brand"])
def test_names_do_not_tell_the_label(name):
    every = re.compile("|".join(rf"\b{re.escape(item.lower())}\b" for item in LISTS[name]))
    counts = {label: Counter() for label in LABELS}
    for review in REVIEWS["train"]:
        counts[review.label].update(every.findall(review.text.lower()))
    for label, of_label in counts.items():
        mean = sum(of_label.values()) / len(LISTS[name])
        for item in LISTS[name]:
            assert abs(of_label[item.lower()] - mean) <= 2 + 0.2 * mean, (label, item)


@pytest.mark.parametrize(
    "sign",
    [
        lambda text: text == text.lower(),
        lambda text: "!" in text,
        lambda text: text[-1].isalnum(),
        lambda text: text.endswith("!"),
        lambda text: text.endswith("."),
    ],
    ids=["lower case", "exclaimed", "no stop", "exclamation mark at the end", "stop"],
)
def test_neither_case_nor_marks_tell_the_label(sign):
    shares = [
        sum(sign(review.text) for review in REVIEWS["train"] if review.label == label)
        / sum(review.label == label for review in REVIEWS["train"])
        for label in LABELS
    ]
    assert min(shares) > 0.01
    assert abs(shares[0] - shares[1]) < 0.02
