"""A language model that a test can afford: a page of text, sixteen units."""

from dataclasses import replace

from seqtasks.tasks.lm.config import Config

TEXT = """\
Anna has a small boat with a red sail.
It lies at the old stone pier, beside two others.
Every morning she feeds the gulls there.
The gulls know her and cry for more bread.
When the wind is good, she sails to the café on the island.

Her brother Tom never sails: he is afraid of water!
He mends nets in the yard and sings about whales.
Nobody here has ever seen a whale.
In winter the boat sleeps under snow, and Anna reads.
Does she dream of the sea? She says so 😀
"""
LINES = [line for line in TEXT.splitlines() if line]

# a little of what is random in training, so that resuming has something to repeat, and so little
# that a page can be learnt by heart
TINY = Config(
    cell="lstm",
    units=16,
    layers=1,
    dropout=0.05,
    input_dropout=0.02,
    separate=False,
    steps=10,
    epochs=30,
    batch_size=2,
    learning_rate=0.2,
    averaging=0.0,
    patience=0,
)
TINY_CHAR = replace(TINY, level="char", embedding_size=8, steps=25, epochs=2)


def write_data(directory):
    """A source with the same page in train, dev and test, so that it can be learnt."""
    directory.mkdir(parents=True, exist_ok=True)
    for split in ("train", "dev", "test"):
        (directory / f"{split}.txt").write_text(TEXT, "utf-8")
    return directory
