"""How frames of the sentiment sample become texts: slots, numbers, capitals, plurals, articles."""

import re

import pytest

from seqtasks.datasets.sample_sentiment import (
    COPIES,
    Review,
    fill,
)
from seqtasks.datasets.sample_sentiment.fillers import LISTS, Fillers
from seqtasks.datasets.sample_sentiment.wording import is_plural, mend_articles
from tests.datasets.sentiment_sample import ALL_FRAMES, MADE, texts


def test_an_unknown_slot_is_named():
    with pytest.raises(ValueError, match=r"unknown slot \{filn\}"):
        texts("{filn}")


def test_numbers_beside_signs_are_digits():
    for text in texts("For £{number}, {number}% off", copies=40):
        assert re.fullmatch(r"for £\d+, \d+% off", text)
    assert any(re.match("[a-z]", text) for text in texts("{number} days", copies=40))


def test_sentences_begin_with_a_capital():
    frame = Review("pos", "gadget", 'Why? {number} days. "{dish}." A {gadget}, {gadget}.')
    made = [review.text for review in fill(frame, 40, Fillers("test"))]
    cased = [text for text in made if text != text.lower()]
    assert len(cased) > 30
    for text in cased:
        assert re.match(r'Why\? [A-Z\d].* days\. "[A-Z].*\." An? [a-z].*, [a-z]', text)


@pytest.mark.parametrize(
    ("text", "plural"),
    [
        # the words around speak of neither one nor several
        ("I took the # home.", True),
        ("My old # broke.", True),
        ("I wish the # were half as loud.", True),
        # of one: before, after, later
        ("A #.", False),
        ("Every old # broke.", False),
        ("My third # broke.", False),
        ("The # is here.", False),
        ("The # runs.", False),
        ("The #'s lid.", False),
        ("The # broke and I threw it out.", False),
        ("Does the # work?", False),
        ("The # makers.", False),
        ("The # inside was red.", False),
    ],
)
def test_nouns_in_the_plural(text, plural):
    place = text.index("#")
    assert is_plural(text, place, place + 1) == plural


def test_singular_words_get_singular_nouns():
    one = r"\b(?:an?|this|that|every|each|another|first|second|third)"
    several = "|".join(re.escape(item) for item in LISTS["gadgets"])
    for frame in ALL_FRAMES:
        for slot in re.finditer(r"\{gadget\}", frame.text):
            if re.search(rf"{one} $", frame.text[: slot.start()], re.I):
                for review in fill(frame, COPIES, Fillers("test")):
                    assert not re.search(rf"{one} (?:{several})\b", review.text, re.I)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("a iron, an kettle", "an iron, a kettle"),
        ("A iron. An kettle", "An iron. A kettle"),
        ("in a August", "in an August"),
        ('a "awful" meal', 'an "awful" meal'),
        # by sound, not by letter
        ("an useful, an unique, an European, an one-star, an once-in-a-lifetime", None),
        ("a unimpressed, a unusual, a utter, a urgent, a onerous, a hour, a honest", None),
        ("an USB, a LED, a MOT, a X-ray, a DVD, a LOVELY", None),
        ("a 8, a 11-day, a 18th, a 80s, an 10, an 12, an 110", None),
        # no articles
        ("Vitamin A is; at 3 a.m. in; la eclair; à la orange; plan-b", "same"),
    ],
)
def test_articles(given, expected):
    if expected is None:
        right = {
            *("a useful", "a unique", "a European", "a one-star", "a once-in-a-lifetime"),
            *("an unimpressed", "an unusual", "an utter", "an urgent", "an onerous"),
            *("an hour", "an honest", "a USB", "an LED", "an MOT", "an X-ray", "a DVD", "a LOVELY"),
            *("an 8", "an 11-day", "an 18th", "an 80s", "a 10", "a 12", "a 110"),
        }
        assert set(mend_articles(given).split(", ")) <= right
    else:
        assert mend_articles(given) == (given if expected == "same" else expected)


def test_articles_fit_everywhere():
    sounded_as_consonants = r"(?:eu|uni|unani|use|usu|one\b|once\b|u[ks]\w?\b|uku|ut[ei]|u-)"
    wrong_a = re.compile(rf"(?<![\w.'&])a (?!{sounded_as_consonants})[aeiou]\w*", re.I)
    # a silent h; letters spelt out with a vowel first (MBA)
    sounded_as_vowels = r"hour|honest|honou?r|heir|[fhlmnrsx][a-z]{0,2}\b"
    wrong_an = re.compile(rf"(?<![\w.'&])an (?!{sounded_as_vowels})[b-df-hj-np-tv-z]\w*", re.I)
    wrong_before_digits = re.compile(r"\b(?:a (?:8|11\b|18\b)|an (?!8|11\b|18\b)\d)\w*", re.I)
    found = {
        match[0]
        for review in MADE
        for wrong in (wrong_a, wrong_an, wrong_before_digits)
        for match in wrong.finditer(review.text)
    }
    assert found == set()
