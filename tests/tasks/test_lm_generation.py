"""New text: drawn as the network says, and the most probable one against all there are."""

from functools import cache
from itertools import product

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.datasets.token_vocabulary import EOS, FIRST, UNKNOWN
from seqtasks.tasks.lm import generation
from seqtasks.tasks.lm.config import Config, check, resolve
from seqtasks.tasks.lm.network import Network

TOKENS = 7
KINDS = {
    "rnn": {"cell": "rnn", "layers": 1},
    "gru": {"cell": "gru", "layers": 2, "tied": False},
    "lstm": {"cell": "lstm", "layers": 2, "embedding_size": 3},
}
EVERY = pytest.mark.parametrize("kind", KINDS)
PLAIN = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "seed": 1, "sentences": 0}


@cache
def network(kind, tokens=TOKENS, unknown=0.0, end=0.0):
    """One of random weights, with so much added to the scores of <unk> and </s>."""
    config = check(Config(**{"units": 5, "lowercase": False, **KINDS[kind]}))
    result = Network(resolve(config, 1000, 1), tokens)
    generator = np.random.default_rng(3)
    for v in result.trainable_variables:
        v.assign(generator.normal(0, 1.0, v.shape))
    result.bias.assign(result.bias + unknown * np.eye(tokens)[UNKNOWN] + end * np.eye(tokens)[EOS])
    return result


@cache
def graph(network):
    """`sample`, traced once for prompts of any number and length, as `generate` and the export."""

    def function(prompt, *settings):
        return generation.sample(network, prompt, *settings)

    dtypes = (tf.int32, tf.float32, tf.int32, tf.float32, tf.int64, tf.int32)
    signature = [tf.TensorSpec((None, None), tf.int32), *(tf.TensorSpec((), t) for t in dtypes)]
    return tf.function(function, signature, autograph=False)


def sample(network, prompts, most, **settings):
    """Ids behind each prompt, a list of lists."""
    width = max(map(len, prompts))
    padded = [[*prompt, *[0] * (width - len(prompt))] for prompt in prompts]
    given = np.array(padded, np.int32).reshape(len(prompts), width)
    return graph(network)(given, most, *{**PLAIN, **settings}.values()).numpy()


def search(network, prompt, width, most):
    return generation.beam_search(network, np.array(prompt, np.int32), width, most)


def logs(network, prefix):
    """log p of what comes behind a prefix, without padding and <unk>, from `call` on the whole."""
    return _logs(network, tuple(prefix))


@cache
def _logs(network, prefix):
    h, _ = network(np.array([[EOS, *prefix]], np.int32))
    z = network.logits(h[:, -1]).numpy()[0].astype(np.float64)
    z[: UNKNOWN + 1] = -np.inf
    return z - np.log(np.exp(z - z.max()).sum()) - z.max()


def greedy(network, prompt, most):
    """The most probable token each time, up to </s>."""
    found = []
    while len(found) < most and EOS not in found:
        found.append(int(logs(network, [*prompt, *found]).argmax()))
    return found


# by chance


def test_the_seed_makes_the_text_and_the_number_of_rows_does_not():
    model = network("lstm")
    many = sample(model, [[3, 4]] * 64, 20)
    np.testing.assert_array_equal(sample(model, [[3, 4]] * 64, 20), many)
    np.testing.assert_array_equal(sample(model, [[3, 4]], 20), many[:1])
    np.testing.assert_array_equal(sample(model, [[3, 4]] * 5, 12), many[:5, :12])
    assert (sample(model, [[3, 4]] * 64, 20, seed=2) != many).any(axis=1).sum() > 60
    assert len({tuple(row) for row in many}) > 60


def test_eager_draws_what_a_graph_draws():
    model, given = network("gru"), np.array([[3, 4], [5, 0]], np.int32)
    eager = generation.sample(model, given, 8, *PLAIN.values())
    np.testing.assert_array_equal(eager, sample(model, [[3, 4], [5]], 8))


@EVERY
def test_prompts_of_unequal_length_give_what_each_gives_alone(kind):
    model = network(kind)
    prompts = [[3, 4, 5, 6, 3], [], [6], [UNKNOWN, 4, EOS, 5]]
    together = sample(model, prompts, 15, temperature=0.0)
    for prompt, row in zip(prompts, together, strict=True):
        np.testing.assert_array_equal(sample(model, [prompt], 15, temperature=0.0), [row])
    # by chance too, where the row has the same number
    together = sample(model, prompts, 15)
    for i, prompt in enumerate(prompts):
        alone = sample(model, [prompt] * len(prompts), 15)
        np.testing.assert_array_equal(alone[i], together[i])


@EVERY
def test_without_temperature_it_is_the_most_probable_token_each_time(kind):
    model = network(kind)
    for prompt in ([], [3], [4, 6, 5]):
        (row,) = sample(model, [prompt], 12, temperature=0.0, sentences=1)
        expected = greedy(model, prompt, 12)
        assert row[: len(expected)].tolist() == expected
        assert not row[len(expected) :].any()


def test_unknown_words_and_padding_are_never_drawn():
    model = network("gru", unknown=30.0)
    assert model.logits(model(np.array([[EOS]], np.int32))[0][:, -1]).numpy().argmax() == UNKNOWN
    for temperature in (0.0, 1.0, 50.0):
        assert (sample(model, [[3]] * 50, 20, temperature=temperature) > UNKNOWN).all()
    assert all(UNKNOWN not in beam.ids for beam in search(model, [3], 9, 3))


@pytest.mark.parametrize("sentences", [1, 2, 3])
def test_a_row_ends_with_so_many_marks_and_is_empty_behind(sentences):
    drawn = sample(network("rnn", end=1.0), [[3]] * 60, 30, sentences=sentences)
    counts = (drawn == EOS).sum(axis=1)
    assert (counts <= sentences).all() and (counts == sentences).sum() > 30
    for row, count in zip(drawn, counts, strict=True):
        text = np.trim_zeros(row, "b")
        assert (text > UNKNOWN).all()
        assert text[-1] == EOS if count == sentences else len(text) == drawn.shape[1]
    # up to its end it is what it would be without one, and the longest row has no padding
    endless = sample(network("rnn", end=1.0), [[3]] * 60, 30)[:, : drawn.shape[1]]
    np.testing.assert_array_equal(drawn, np.where(drawn > 0, endless, 0))
    assert drawn[:, -1].any()


def test_there_are_as_many_tokens_as_were_asked_for():
    model = network("rnn", end=3.0)
    for most in (1, 17):
        drawn = sample(model, [[3], [4]], most)
        assert drawn.shape == (2, most) and (drawn > 0).all()
    assert (drawn == EOS).any()  # which does not end a row here
    assert sample(network("rnn", end=30.0), [[3], [4]], 17, sentences=1).tolist() == [[EOS]] * 2


def test_of_no_tokens_there_is_an_empty_row():
    assert sample(network("rnn"), [[3], [4]], 0).shape == (2, 0)


@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_the_first_token_comes_as_often_as_the_network_says(temperature):
    model, rows = network("lstm", unknown=1.0), 20_000
    p = np.exp(logs(model, [5, 3]) / temperature)
    p /= p.sum()
    drawn = sample(model, [[5, 3]] * rows, 1, temperature=temperature)
    counts = np.bincount(drawn[:, 0], minlength=TOKENS)
    assert (np.abs(counts - rows * p) <= 4.5 * np.sqrt(rows * p * (1 - p)) + 1e-9).all()


def test_pairs_of_tokens_come_as_often_as_the_network_says():
    """The state goes on with what was drawn, in each row its own."""
    model, rows = network("gru"), 20_000
    drawn = sample(model, [[3]] * rows, 2)
    for a, b in product(range(EOS, TOKENS), repeat=2):
        p = np.exp(logs(model, [3])[a] + logs(model, [3, a])[b])
        count = ((drawn[:, 0] == a) & (drawn[:, 1] == b)).sum()
        assert abs(count - rows * p) <= 4.5 * np.sqrt(rows * p * (1 - p))


# the most probable


def enumerated(network, prompt, most, prefix=(), total=0.0):
    """All sentences that go on from a prompt, and their log p; finished or `most` tokens long."""
    if len(prefix) == most or EOS in prefix:
        return [(prefix, total)]
    found = logs(network, [*prompt, *prefix])
    return [
        item
        for token in range(EOS, network.tokens)
        for item in enumerated(network, prompt, most, (*prefix, token), total + found[token])
    ]


@EVERY
@pytest.mark.parametrize("prompt", [[], [4, 3]], ids=["no prompt", "prompt"])
def test_a_wide_search_finds_the_best_of_all_sentences(kind, prompt):
    model = network(kind, tokens=FIRST + 2)
    for most in (1, 2, 4):
        everything = sorted(enumerated(model, prompt, most), key=lambda item: -item[1])
        assert sum(np.exp(total) for _, total in everything) == pytest.approx(1, rel=1e-4)
        for width in (3**most, 3**most + 5):  # no beginning is ever left out
            found = search(model, prompt, width, most)
            assert [beam.ids for beam in found] == [ids for ids, _ in everything][:width]
            for beam, (_, total) in zip(found, everything, strict=False):
                assert beam.log_probability == pytest.approx(total, abs=1e-4)


@EVERY
@pytest.mark.parametrize("width", [1, 2, 5])
def test_what_is_found_is_sorted_distinct_ended_and_as_probable_as_said(kind, width):
    model = network(kind)
    for prompt, most in (([], 6), ([3, 6], 6), ([5], 1)):
        found = search(model, prompt, width, most)
        assert 1 <= len(found) <= width
        assert len({beam.ids for beam in found}) == len(found)
        totals = [beam.log_probability for beam in found]
        assert totals == sorted(totals, reverse=True)
        for ids, total in found:
            assert ids[-1] == EOS or len(ids) == most
            assert len(ids) <= most and EOS not in ids[:-1] and min(ids) > UNKNOWN
            each = [logs(model, [*prompt, *ids[:i]])[token] for i, token in enumerate(ids)]
            assert total == pytest.approx(sum(each), abs=1e-4)


def one_path(network, prompt, most):
    """The greedy text without </s>, and each beginning of it where </s> is one of the best two."""
    path, total, found = (), 0.0, []
    for _ in range(most):
        step = logs(network, [*prompt, *path])
        best = np.argsort(-step)[:2]
        if EOS in best:
            found.append((total + step[EOS], (*path, EOS)))
        token = int(best[best != EOS][0])
        path, total = (*path, token), total + step[token]
    return [*found, (total, path)]


def test_a_search_of_one_is_greedy_until_the_end():
    ended_early = 0
    for kind, end, prompt in product(KINDS, (0.0, 1.0), ([], [3], [6, 3], [4, 6])):
        model = network(kind, end=end)
        total, ids = max(one_path(model, prompt, 5))
        (found,) = search(model, prompt, 1, 5)
        assert found.ids == ids
        assert found.log_probability == pytest.approx(total, abs=1e-4)
        ended_early += EOS in ids and list(ids) != greedy(model, prompt, 5)
    assert ended_early  # where the greedy text goes on and gets less probable
