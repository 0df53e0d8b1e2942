from itertools import pairwise

import numpy as np
import pytest

from seqtasks.datasets.batching import length_batches, length_buckets, padded

# Most sentences are short, a few very long.
LENGTHS = np.random.default_rng(0).lognormal(2.5, 0.8, 1000).astype(int) + 1


def padding_share(batches):
    room = sum(len(batch) * LENGTHS[batch].max() for batch in batches)
    return 1 - LENGTHS.sum() / room


@pytest.mark.parametrize("batch_size", [1, 32, 33, 5000])
def test_every_example_once_an_epoch(batch_size):
    for epoch in range(3):
        batches = length_buckets(LENGTHS, batch_size, seed=1, epoch=epoch)
        assert sorted(np.concatenate(batches)) == list(range(len(LENGTHS)))
        assert max(map(len, batches)) == min(batch_size, len(LENGTHS))
        assert len(batches) == -(-len(LENGTHS) // batch_size)


def test_the_order_is_a_pure_function_of_seed_and_epoch():
    def order(seed, epoch):
        return [batch.tolist() for batch in length_buckets(LENGTHS, 32, seed, epoch)]

    first = order(3, 7)
    np.random.seed(5)
    order(3, 8)
    assert order(3, 7) == first
    assert len({str(order(seed, epoch)) for seed in range(3) for epoch in range(3)}) == 9


@pytest.mark.parametrize("lengths", [LENGTHS, np.full(1000, 6)])
def test_epochs_mix_examples_anew(lengths):
    # not the same batches in another order: also where all lengths are equal
    first, second = (
        {frozenset(batch.tolist()) for batch in length_buckets(lengths, 32, 0, epoch)}
        for epoch in (0, 1)
    )
    assert len(first & second) < len(first) / 10


def test_batches_do_not_come_in_order_of_length():
    means = [LENGTHS[batch].mean() for batch in length_buckets(LENGTHS, 32, 0, 0)]
    assert abs(np.corrcoef(means, range(len(means)))[0, 1]) < 0.5


def test_batches_hold_like_lengths():
    order = np.random.default_rng(1).permutation(len(LENGTHS))
    random_batches = [order[i : i + 32] for i in range(0, len(order), 32)]
    for epoch in range(3):
        share = padding_share(length_buckets(LENGTHS, 32, 0, epoch))
        assert share < padding_share(random_batches) / 2


def test_nothing_to_batch():
    assert length_buckets([], 32, 0, 0) == []
    assert length_batches([], 100) == []


@pytest.mark.parametrize("tokens", [1, 20, 300, 10**6])
def test_prediction_batches_keep_to_their_room(tokens):
    batches = length_batches(LENGTHS, tokens)
    assert sorted(np.concatenate(batches)) == list(range(len(LENGTHS)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * LENGTHS[batch].max() <= tokens
    # and fill it: the shortest of the next would not have fitted
    for batch, following in pairwise(batches):
        assert (len(batch) + 1) * LENGTHS[following].min() > tokens


def test_prediction_batches_take_empty_rows():
    batches = length_batches([0, 5, 0, 2], 4)
    assert [sorted(batch.tolist()) for batch in batches] == [[0, 2], [3], [1]]


def test_padded():
    result = padded([np.array([3, 1]), np.array([], int), np.array([4, 5, 6])])
    assert result.dtype == np.int32
    assert result.tolist() == [[3, 1, 0], [0, 0, 0], [4, 5, 6]]
    assert padded([]).shape == (0, 0)
