"""The sample for language models: its grammar, its probabilities, and what is drawn from it."""

import hashlib
import math
import random
import subprocess
import sys
from collections import Counter
from functools import cache
from itertools import chain

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.datasets.sample_lm import (
    SIZES,
    SOUND_ALIKES,
    agreement_items,
    grammar,
    load,
    log_probability,
    parser,
    true_log_probabilities,
)
from seqtasks.datasets.sample_lm.agreement import agreement_sentences
from seqtasks.datasets.sample_lm.grammar import Grammar, read_grammar
from seqtasks.datasets.sample_lm.parsing import Parser
from seqtasks.datasets.tokenizer import tokenize

SAMPLE = load()
RULES = grammar().probabilities
PAIRS = agreement_sentences(grammar(), 100)
DISTANCES = range(21)
NOUNS = {
    number: {
        word
        for left, rights in RULES.items()
        if left.startswith("noun") and f".{number}." in left
        for right in rights
        for word in right
        if word not in RULES
    }
    for number in ("sg", "pl")
}


def perplexity(split):
    """The true one, with ends of sentences counted."""
    tokens = sum(sentence.count(" ") + 2 for sentence in SAMPLE[split])
    return math.exp(-true_log_probabilities(split).sum() / tokens)


def test_another_process_draws_the_same(tmp_path):
    script = (
        "from seqtasks.datasets.sample_lm import load, agreement_items; import hashlib;"
        "print(hashlib.sha256(repr((load(), agreement_items())).encode()).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONHASHSEED": "1", "PYTHONPATH": ":".join(sys.path)},
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    drawn = repr((SAMPLE, agreement_items()))
    assert done.stdout.strip() == hashlib.sha256(drawn.encode()).hexdigest()


def test_splits():
    assert {split: len(sentences) for split, sentences in SAMPLE.items()} == SIZES
    load()["dev"].clear()  # a copy
    assert load() == SAMPLE
    assert SAMPLE["dev"] != SAMPLE["test"]
    for split in SAMPLE:
        assert true_log_probabilities(split).shape == (SIZES[split],)
        assert perplexity(split) == pytest.approx(perplexity("train"), rel=0.02)
    with pytest.raises(KeyError):
        true_log_probabilities("valid")


def test_words():
    words = grammar().words()
    assert 250 <= len(words) <= 400
    assert all(word in ",." or (word.isascii() and word.isalpha()) for word in words)
    assert all(word == word.lower() for word in words)
    assert not words & set(RULES) and not NOUNS["sg"] & NOUNS["pl"]
    counts = Counter(chain.from_iterable(sentence.split(" ") for sentence in SAMPLE["train"]))
    assert set(counts) == words
    assert min(counts.values()) >= 20


def test_the_tokeniser_cuts_the_same_tokens():
    sentences = SAMPLE["test"][:2000]
    found = tokenize(tf.constant(sentences)).text.to_list()
    assert [[token.decode() for token in tokens] for tokens in found] == [
        sentence.split(" ") for sentence in sentences
    ]


def test_sentences_have_one_derivation():
    sentences = SAMPLE["dev"][:500] + SAMPLE["train"][:500]
    counts = Counter(parser().count_derivations(sentence.split()) for sentence in sentences)
    assert counts == {1: 1000}


def test_probabilities_parsed_are_those_drawn():
    """Of the one derivation that was drawn: a second would add its own."""
    parsed = [log_probability(sentence.split()) for sentence in SAMPLE["test"][:1500]]
    np.testing.assert_allclose(parsed, true_log_probabilities("test")[:1500], rtol=1e-9)


def test_probabilities_of_each_left_side_sum_to_one():
    for left, rights in RULES.items():
        assert math.fsum(rights.values()) == pytest.approx(1), left


def derived(symbol):
    """All that a symbol derives, where that is finite."""
    if symbol not in RULES:
        return {(symbol,)}
    found = set()
    for right in RULES[symbol]:
        begun = {()}
        for part in right:
            begun = {(*head, *tail) for head in begun for tail in derived(part)}
        found |= begun
    return found


@pytest.mark.parametrize("symbol", ["menu", "portrait", "weather", "core.sg.food", "when"])
def test_probabilities_of_all_that_is_derived_sum_to_one(symbol):
    everything = derived(symbol)
    assert len(everything) > 5
    total = math.fsum(math.exp(parser().log_probability(x, symbol)) for x in everything)
    assert total == pytest.approx(1)
    assert {parser().count_derivations(x, symbol) for x in everything} == {1}


def test_frequencies_are_the_probabilities():
    counts = Counter(SAMPLE["train"])
    for sentence, count in counts.most_common(20):
        expected = SIZES["train"] * math.exp(log_probability(sentence.split()))
        assert abs(count - expected) < 5 * math.sqrt(expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "the boy is",  # begun
        "the boy is tired . the boy is tired .",
        "the boy is astonished .",
        "the boy  is tired .",
        "the letter is hungry .",
        "clause .",
        "the boy that the girl saw the dog is tired .",
    ],
)
def test_what_is_no_sentence_has_no_probability(text):
    assert log_probability(text.split(" ")) == -math.inf
    assert parser().count_derivations(text.split(" ")) == 0


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (
            "the cats , which already ate the fish that a boy near the lakes bought , were full .",
            "the cats , which already ate the fish that a boy near the lakes bought , was full .",
        ),
        ("the apple and pear salad", "the apple and pair salad"),
        ("a pair of red shoes", "a pear of red shoes"),
        ("the wind blew from the sea .", "the wind blue from the see ."),
    ],
)
def test_examples(right, wrong):
    assert parser().count_derivations(right.split()) == 1
    assert -40 < log_probability(right.split()) < 0
    assert log_probability(wrong.split()) == -math.inf


def test_deep_nesting_is_no_trouble():
    nested = "the dog that saw " * 90 + "the cat is asleep ."
    assert -math.inf < log_probability(nested.split()) < -750  # below it, exp is 0


def test_words_that_sound_alike():
    other = dict(SOUND_ALIKES) | {b: a for a, b in SOUND_ALIKES}
    assert len(other) == 2 * len(SOUND_ALIKES) <= len(grammar().words())
    met = set()
    for tokens in map(str.split, SAMPLE["test"]):
        for i in [i for i, token in enumerate(tokens) if token in other]:
            changed = [*tokens[:i], other[tokens[i]], *tokens[i + 1 :]]
            assert log_probability(changed) == -math.inf, changed
            met.add(tokens[i])
    assert met == set(other)


def test_agreement_items_are_balanced():
    numbers = Counter()
    for item, _ in PAIRS:
        head = item.prefix[-1 - item.distance]
        number = "sg" if head in NOUNS["sg"] else "pl"
        assert head in NOUNS[number]
        numbers[item.distance, number] += 1
        between = set(item.prefix[len(item.prefix) - item.distance :])
        assert item.distance < 3 or between & NOUNS["pl" if number == "sg" else "sg"], item
    assert numbers == {(distance, number): 50 for distance in DISTANCES for number in NOUNS}


def test_one_answer_for_all_agreement_items_scores_half():
    # a form is singular or plural wherever it stands, so no number of the verb is the better bet
    singular = {item.right for item, _ in PAIRS if item.prefix[-1 - item.distance] in NOUNS["sg"]}
    plural = {item.right for item, _ in PAIRS if item.prefix[-1 - item.distance] in NOUNS["pl"]}
    assert not singular & plural
    for item, _ in PAIRS:
        assert {item.right in singular, item.wrong in singular} == {True, False}
    assert 2 * sum(item.right in singular for item, _ in PAIRS) == len(PAIRS)


def test_agreement_items_open_sentences_with_the_right_form_alone():
    for item, _ in PAIRS:
        stacks = frozenset({("sentence",)})
        for token in item.prefix:
            stacks = behind(stacks, token)
        assert behind(stacks, item.right), item
        assert not behind(stacks, item.wrong), item
    for item, ending in PAIRS[::7]:  # of every distance and number
        assert parser().count_derivations((*item.prefix, item.right, *ending)) == 1, item
        assert parser().count_derivations((*item.prefix, item.wrong, *ending)) == 0, item


@cache
def behind(stacks, token):
    """The sequences of symbols that may follow a token where one of `stacks` had to follow."""
    found = set()
    for stack in stacks:
        for i, symbol in enumerate(stack):
            found |= {rest + stack[i + 1 :] for rest in opened(symbol, token)}
            if () not in RULES.get(symbol, {}):
                break
    return frozenset(found)


@cache
def opened(symbol, token):
    """What remains to be derived of a symbol behind a token that it begins with."""
    if symbol not in RULES:
        return {()} if symbol == token else set()
    return behind(frozenset(RULES[symbol]), token)


def test_agreement_items_of_another_size():
    assert agreement_items(0) == []
    assert Counter(item.distance for item in agreement_items(2)) == dict.fromkeys(DISTANCES, 2)
    for wrong in (7, -2):
        with pytest.raises(ValueError, match="even"):
            agreement_items(wrong)


def test_distances_in_clauses():
    generator = random.Random(5)
    counts = Counter()
    for _ in range(20_000):
        symbol, *more = grammar().choose("clause", generator)
        if not more and symbol.startswith("statement."):
            _, *between, _ = grammar().choose(symbol, generator)
            counts[sum(len(grammar().draw(part, generator).tokens) for part in between)] += 1
    assert set(counts) >= set(DISTANCES)
    assert sum(counts[distance] for distance in counts if distance >= 5) > 0.1 * 20_000
    assert sum(counts[distance] for distance in counts if distance >= 10) > 0.03 * 20_000


def test_the_parser_counts_derivations_and_adds_their_probabilities():
    dangling = Grammar({"s": {("if", "s"): 1, ("if", "s", "else", "s"): 1, ("x",): 2}})
    tokens = ["if", "if", "x", "else", "x"]
    assert Parser(dangling).count_derivations(tokens, "s") == 2
    assert Parser(dangling).log_probability(tokens, "s") == pytest.approx(math.log(2 / 4**3))
    assert Parser(dangling).count_derivations(["if", *tokens, "else", "x"], "s") == 3


def test_the_parser_refuses_left_recursion():
    with pytest.raises(ValueError, match="left recursion"):
        Parser(Grammar({"s": {("e", "s", "x"): 1, ("x",): 1}, "e": {(): 1}})).log_probability(["x"])


def test_variables_of_the_files():
    read = read_grammar(
        "N: sg pl\n# note\ns\n  3 the n.N v.N\n  2 -\n", "n.N = cat/cats fish\nv.N = is/are"
    )
    assert read.probabilities["s"] == {
        ("the", "n.sg", "v.sg"): 3 / 8,
        ("the", "n.pl", "v.pl"): 3 / 8,
        (): 2 / 8,
    }
    assert list(read.probabilities["n.pl"]) == [("cats",), ("fish",)]
    for rules, words in [("  3 x", ""), ("s\n  3", ""), ("s\n  3 n.sg", ""), ("s\n  1 x", "a: b")]:
        with pytest.raises(ValueError, match=r"behind a left side|word of letters|equals sign"):
            read_grammar(rules, words)
