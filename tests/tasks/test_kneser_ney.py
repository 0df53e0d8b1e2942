"""Kneser-Ney against its equations, word by word, and on streams whose entropy is known."""

from collections import Counter, defaultdict

import numpy as np
import pytest

from seqtasks.tasks.lm.kneser_ney import KneserNey


class Plain:
    """The equations with dictionaries: slow, an n-gram a tuple, a probability a recursion."""

    def __init__(self, ids, order, allowed):
        self.allowed = allowed
        ids = [int(i) for i in ids]
        grams = {
            k: [tuple(ids[i : i + k]) for i in range(len(ids) - k + 1)] for k in range(1, order + 1)
        }
        self.counts = {order: Counter(grams[order])}
        for k in range(1, order):
            before = defaultdict(set)
            for gram in grams[k + 1]:
                before[gram[1:]].add(gram[0])
            self.counts[k] = {gram: len(words) for gram, words in before.items()}
        self.discounts = {k: self.estimated(self.counts[k].values()) for k in self.counts}

    @staticmethod
    def estimated(counts):
        n1, n2, n3, n4 = (sum(c == i for c in counts) for i in (1, 2, 3, 4))
        d1, d2, d3 = 0.5, 1.0, 1.5
        if n1 and n2:
            y = n1 / (n1 + 2 * n2)
            d1 = 1 - 2 * y * n2 / n1
            if n3:
                d2 = 2 - 3 * y * n3 / n2
                if n4:
                    d3 = 3 - 4 * y * n4 / n3
        return min(max(d1, 0.1), 1), min(max(d2, 0.2), 2), min(max(d3, 0.3), 3)

    def probability(self, word, context):
        k = len(context) + 1
        lower = self.probability(word, context[1:]) if context else 1 / self.allowed
        after = {gram[-1]: c for gram, c in self.counts[k].items() if gram[:-1] == context}
        total = sum(after.values())
        if not total:
            return lower
        d1, d2, d3 = self.discounts[k]
        held = sum({1: d1, 2: d2}.get(c, d3) for c in after.values())
        c = after.get(word, 0)
        seen = c - {0: 0, 1: d1, 2: d2}.get(c, d3)
        return seen / total + held / total * lower


def distribution(model, context, allowed):
    """P(· | context) over the allowed ids."""
    return np.array([np.exp(model.log_probabilities([w], context)[0]) for w in allowed])


def skewed(generator, tokens, words):
    """A stream in which some ids are frequent, many rare, and the last never seen."""
    return np.minimum(generator.geometric(0.25, tokens) - 1, words - 2)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("tokens", [1, 2, 3, 7, 150])
def test_the_equations(order, tokens):
    generator = np.random.default_rng(tokens)
    ids, others = skewed(generator, tokens, 12), generator.integers(0, 12, 60)
    model, plain = KneserNey(ids, 12, order), Plain(ids, order, 12)
    np.testing.assert_allclose(model.discounts, [plain.discounts[k + 1] for k in range(order)])
    for stream in (ids, others):
        expected = [
            plain.probability(int(w), tuple(int(h) for h in stream[max(t - order + 1, 0) : t]))
            for t, w in enumerate(stream)
        ]
        found = np.exp(model.log_probabilities(stream))
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=0)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("tokens", [0, 1, 2, 30, 1000])
def test_probabilities_sum_to_one(order, tokens):
    generator = np.random.default_rng(tokens)
    words, allowed = 14, np.arange(1, 14)  # 0 is padding
    ids = 1 + skewed(generator, tokens, words - 1)
    model = KneserNey(ids, words, order, allowed)
    seen = [ids[:2], ids[-3:], ids[10:12], ids[:1], ids[-1:]]
    partly = [[13, *ids[5:6]], [*ids[5:6], 13], [ids[5], 13, ids[6]] if tokens > 6 else [13]]
    unseen = [[13], [13, 13], [0, 0, 0], []]
    at_random = generator.integers(0, words, (20, 3))
    for context in [*seen, *partly, *unseen, *at_random]:
        p = distribution(model, context, allowed)
        assert (p > 0).all()
        assert abs(p.sum() - 1) < 1e-9


def test_the_discounts_by_hand():
    # n_1 = 4, n_2 = 2, n_3 = 1, n_4 = 1: Y = 4 / 8
    ids = [0, 1, 2, 3, 4, 4, 5, 5, 6, 6, 6, 7, 7, 7, 7]
    model = KneserNey(ids, 10, order=1)
    (d,) = model.discounts
    assert d == pytest.approx((1 - 1 / 2, 2 - 3 / 4, 3 - 4 / 2))
    gamma = (4 * 0.5 + 2 * 1.25 + 1 + 1) / 15
    p = np.exp(model.log_probabilities([0, 4, 6, 7, 8, 9]))
    shares = np.array([1 - 0.5, 2 - 1.25, 3 - 1, 4 - 1, 0, 0]) / 15
    assert p == pytest.approx(shares + gamma / 10)


def test_discounts_of_odd_streams_leave_something_to_every_id():
    streams = [
        np.tile(np.arange(5), 40),  # one n-gram after another as often: no count of 1 to 4
        np.arange(50),  # each once
        np.repeat(np.arange(6), 2),
        # n_3 far above n_2: D(2) by its estimate is negative
        np.concatenate([[0, 1, 2, 2], np.repeat(np.arange(3, 40), 3), np.repeat([40], 4)]),
    ]
    for ids in streams:
        for order in (1, 2, 3):
            model = KneserNey(ids, 60, order)
            for d in model.discounts:
                assert all(i / 10 <= d[i - 1] <= i for i in (1, 2, 3))
            assert distribution(model, ids[:2], range(60)).min() > 0


def test_a_frequent_word_with_one_word_before_it_is_rare_elsewhere():
    generator = np.random.default_rng(0)
    san, francisco, free, words = 50, 51, 52, 53
    ids = generator.integers(0, 50, 5000).tolist()
    for place in sorted(generator.choice(5000, 300, replace=False), reverse=True):
        ids[place:place] = [san, francisco]
    for place in sorted(generator.choice(5600, 300, replace=False), reverse=True):
        if ids[place] != francisco:
            ids[place:place] = [free]
    assert ids.count(francisco) == 300
    model = KneserNey(ids, words, order=2)
    francisco_alone, free_alone = np.exp([model.log_probabilities([w])[0] for w in (51, 52)])
    assert francisco_alone < free_alone / 10
    assert np.exp(model.log_probabilities([francisco], [san])[0]) > 0.95
    # counts of tokens do not see it
    plain = np.exp([KneserNey(ids, words, 1).log_probabilities([w])[0] for w in (51, 52)])
    assert plain[0] > plain[1] * 0.9


@pytest.fixture(scope="module")
def chain():
    """A Markov chain of order 2 over 8 ids: how to draw from it, P (8, 8, 8), P of pairs (8, 8)."""
    transitions = np.random.default_rng(1).dirichlet(np.full(8, 0.5), (8, 8))
    pairs = np.full((8, 8), 1 / 64)
    for _ in range(500):  # P(v w) = Σ_u P(u v) P(w | u v)
        pairs = np.einsum("uv,uvw->vw", pairs, transitions)

    def draw(seed, tokens):
        sums = transitions.cumsum(axis=2).tolist()
        stream = [0, 0]
        for chance in np.random.default_rng(seed).random(tokens + 98).tolist():
            row = sums[stream[-2]][stream[-1]]
            stream.append(min(sum(s < chance for s in row), 7))
        return np.array(stream[100:])

    return draw, transitions, pairs


def test_the_entropy_rate_of_a_known_chain_is_approached(chain):
    draw, transitions, pairs = chain
    joint = pairs[:, :, None] * transitions
    logarithms = np.log(np.where(joint > 0, transitions, 1))
    rate = -(joint * logarithms).sum()
    of_pair = joint.sum(axis=0)  # P(v w)
    bigram_rate = -(of_pair * np.log(of_pair / of_pair.sum(axis=1, keepdims=True))).sum()

    test = draw(2, 20_000)
    true = np.log(transitions[test[:-2], test[1:-1], test[2:]])
    excess = []
    for tokens in (500, 5_000, 50_000):
        train = draw(3, tokens)
        loss = -KneserNey(train, 8).log_probabilities(test)[2:]
        excess.append((loss + true).mean())  # over the chain itself, on the same tokens
    assert excess[0] > excess[1] > excess[2] > 0
    # 64 contexts with 7 free parameters each cost their number / 2N with the best of estimates
    assert excess[2] < 2 * 64 * 7 / (2 * 50_000)
    assert loss.mean() == pytest.approx(rate, abs=0.05)

    losses = [-KneserNey(train, 8, order).log_probabilities(test).mean() for order in (1, 2, 3)]
    assert losses[0] > losses[1] > losses[2]
    # what a bigram loses in the limit by its shorter memory
    assert losses[1] - losses[2] == pytest.approx(bigram_rate - rate, abs=0.05)


def test_ids_without_order_gain_nothing_and_lose_little():
    generator = np.random.default_rng(4)
    p = 1 / np.arange(1, 31)
    p /= p.sum()
    train, test = (generator.choice(30, n, p=p) for n in (50_000, 20_000))
    entropy, loss = -np.log(p[test]).mean(), -KneserNey(train, 30, 1).log_probabilities(test).mean()
    assert entropy - 1e-3 < loss < entropy + 1e-3


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_a_context_stands_for_the_ids_before(order):
    generator = np.random.default_rng(5)
    model = KneserNey(skewed(generator, 400, 9), 9, order)
    stream = generator.integers(0, 9, 40)
    whole = model.log_probabilities(stream)
    assert whole.shape == (40,)
    assert whole.dtype == np.float64
    for cut in (0, 1, 2, 3, 20, 39, 40):
        after = model.log_probabilities(stream[cut:], stream[:cut])
        np.testing.assert_array_equal(after, whole[cut:])


def test_ids_after_an_unseen_context_are_as_after_the_part_that_was_seen():
    ids = skewed(np.random.default_rng(6), 500, 9)  # 8 is never seen
    model = KneserNey(ids, 9)
    np.testing.assert_array_equal(
        distribution(model, [8, ids[0]], range(9)), distribution(model, [ids[0]], range(9))
    )
    for context in ([8], [8, 8], [ids[0], 8]):
        np.testing.assert_array_equal(
            distribution(model, context, range(9)), distribution(model, [], range(9))
        )


def test_ids_never_seen_have_a_probability():
    model = KneserNey(np.random.default_rng(7).integers(0, 20, 1000), 100)
    found = model.log_probabilities(np.random.default_rng(8).integers(0, 100, 500))
    assert np.isfinite(found).all()
    # every one the same
    assert len({float(model.log_probabilities([w])[0]) for w in range(20, 100)}) == 1


@pytest.mark.parametrize("order", [1, 3])
def test_no_ids(order):
    for ids in ([], np.zeros(0, np.int32)):
        model = KneserNey([1, 2, 1, 2, 2], 5, order)
        assert model.log_probabilities(ids).shape == (0,)
        assert model.log_probabilities(ids, [1, 2, 3]).shape == (0,)
        nothing = KneserNey(ids, 5, order, allowed=[1, 2, 3, 4])
        assert nothing.log_probabilities([1, 4, 4]) == pytest.approx(np.log([1 / 4] * 3))


def test_allowed_ids_may_be_told_by_their_number():
    ids = 1 + skewed(np.random.default_rng(9), 300, 9)
    named, number = KneserNey(ids, 11, 3, range(1, 11)), KneserNey(ids, 11, 3, 10)
    np.testing.assert_array_equal(named.log_probabilities(ids), number.log_probabilities(ids))
    twice = KneserNey(ids, 11, 3, [*range(10, 0, -1), 3, 3])
    np.testing.assert_array_equal(named.log_probabilities(ids), twice.log_probabilities(ids))
    fewer = KneserNey(ids, 11, 3).log_probabilities([10])
    assert named.log_probabilities([10]) > fewer  # one share more to divide


def test_types_of_integers_do_not_matter_and_what_is_given_stays():
    ids = skewed(np.random.default_rng(10), 200, 9)
    expected = KneserNey(ids.tolist(), 9).log_probabilities(ids.tolist())
    for dtype in (np.uint8, np.int32, np.uint64):
        given = ids.astype(dtype)
        found = KneserNey(given, 9).log_probabilities(given)
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(given, ids)


def test_keys_do_not_overflow_with_a_large_vocabulary():
    small = skewed(np.random.default_rng(11), 300, 9)
    large = small + (2**31 - 2 - 9)
    model, same = KneserNey(large, 2**31 - 1, 4, 9), KneserNey(small, 9, 4)
    np.testing.assert_array_equal(model.log_probabilities(large), same.log_probabilities(small))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 2], 0), "vocabulary of 1"),
        (([1, 2], 2**31), "vocabulary of 1"),
        (([1, 2], 3, 0), "order of 1 or more, got 0"),
        (([1, 3], 3), "ids in 0 … 2, got 1 … 3"),
        (([-1, 2], 3), "ids in 0 … 2, got -1 … 2"),
        (([[1, 2]], 3), r"shape \(tokens,\)"),
        (([1.0, 2.0], 3), "integer, got .* float64"),
        (([1, 2], 3, 3, 0), "1 to 3 allowed ids, got 0"),
        (([1, 2], 3, 3, 4), "1 to 3 allowed ids, got 4"),
        (([1, 2], 3, 3, []), "1 to 3 allowed ids, got 0"),
        (([1, 2], 3, 3, [3]), "allowed ids in 0 … 2, got 3 … 3"),
        (([1, 2, 0, 0], 3, 3, [1, 2]), "2 ids are not allowed, the first is 0"),
        (([1, 2, 0], 3, 3, [0, 1]), "1 ids are not allowed, the first is 2"),
        (([1, 2, 0, 0], 3, 3, 2), "2 ids are allowed, but 3 were seen"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        KneserNey(*arguments)


def test_bad_ids_to_predict_are_named():
    model = KneserNey([1, 2, 1], 4, allowed=[1, 2, 3])
    with pytest.raises(ValueError, match="1 ids are not allowed, the first is 0"):
        model.log_probabilities([1, 0])
    with pytest.raises(ValueError, match="context in 0 … 3, got 4 … 4"):
        model.log_probabilities([1], [4])
    with pytest.raises(ValueError, match="ids in 0 … 3"):
        model.log_probabilities([4])
    with pytest.raises(ValueError, match="integer"):
        model.log_probabilities(np.array([0.5]))
