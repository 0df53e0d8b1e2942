import random

from seqtasks.datasets.examples import Entity, TaggedSentence, TaggedText
from seqtasks.datasets.splits import content_of, hold_out, position, split, split_of

SENTENCES = [TaggedSentence((f"w{i}", "is", str(i % 7)), ("O", "O", "O")) for i in range(5000)]


def test_the_hash_never_changes():
    # splits of runs long done hang on these
    texts = ("a", "b", "é", "h", "")
    assert [split_of(text) for text in texts] == ["dev", "train", "dev", "test", "train"]
    assert content_of(SENTENCES[3]) == "w3\x1fis\x1f3"


def test_the_shares():
    splits = split(SENTENCES, content_of)
    assert list(splits) == ["train", "dev", "test"]
    sizes = [len(part) / len(SENTENCES) for part in splits.values()]
    # four standard deviations of a share of a tenth
    assert all(
        abs(size - share) < 0.017 for size, share in zip(sizes, (0.8, 0.1, 0.1), strict=True)
    )


def test_neither_order_nor_neighbours_nor_tags_matter():
    shuffled = random.Random(0).sample(SENTENCES, len(SENTENCES) // 2)
    whole = {name: set(part) for name, part in split(SENTENCES, content_of).items()}
    for name, part in split(shuffled, content_of).items():
        assert whole[name].issuperset(part)
    one = SENTENCES[0]
    tagged = TaggedSentence(one.tokens, ("B-X", "O", "O"))
    assert split_of(content_of(one)) == split_of(content_of(tagged))
    assert content_of(TaggedText("a b", (Entity(0, 1, "X"),))) == "a b"


def test_each_example_lands_once_and_duplicates_together():
    splits = split(SENTENCES * 2, content_of)
    assert sum(len(part) for part in splits.values()) == 2 * len(SENTENCES)
    parts = [set(part) for part in splits.values()]
    assert sum(len(part) for part in parts) == len(SENTENCES)


def test_hold_out():
    kept, held = hold_out(SENTENCES, content_of)
    assert len(kept) + len(held) == len(SENTENCES) == len({*kept, *held})
    assert abs(len(held) / len(SENTENCES) - 0.1) < 0.017
    again, _ = hold_out(SENTENCES[::-1], content_of)
    assert again[::-1] == kept


def test_hold_out_is_independent_of_the_split():
    train = split(SENTENCES, content_of)["train"]
    _, held = hold_out(train, content_of)
    assert abs(len(held) / len(train) - 0.1) < 0.02
    assert position("a") != position("a", "hold out")


def test_hold_out_finds_one_among_few():
    for size in range(2, 12):
        kept, held = hold_out(SENTENCES[:size] * 2, content_of)
        assert kept and held
        assert not set(kept) & set(held)
    assert hold_out(SENTENCES[:1] * 3, content_of) == (SENTENCES[:1] * 3, [])
    assert hold_out([], content_of) == ([], [])
