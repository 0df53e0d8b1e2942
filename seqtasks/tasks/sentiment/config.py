"""The settings of a classifier of texts; the only home of their defaults."""

from dataclasses import dataclass, replace

from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.settings import filled, setting, validate, with_gates

# Words of training text up to which data are small, and up to which they are middling.
SMALL, MIDDLING = 300_000, 1_000_000

POOLINGS = ("last", "maximum", "mean", "attention", "maximum-mean")


@dataclass(frozen=True)
class Config:
    """Settings of `seqtasks sentiment train`. What is None is resolved by `resolve`."""

    # the network
    cell: str | None = setting(
        None,
        "recurrent cell",
        choices=("rnn", "gru", "lstm"),
        automatic="of the run to start from, else lstm",
    )
    relevance_gate: bool | None = setting(
        None, "GRU: the gate that lets a unit forget its past", automatic="on for gru"
    )
    peephole: bool | None = setting(None, "LSTM: gates that see the memory cell", automatic="off")
    bidirectional: bool = setting(True, "also read each text from right to left")
    units: int | None = setting(
        None,
        "units of each recurrent layer and direction",
        minimum=1,
        automatic="of the run to start from, else 100",
    )
    layers: int = setting(1, "recurrent layers, one on the other", minimum=1)
    pooling: str = setting(
        "maximum-mean", "how the outputs of all words become one vector", choices=POOLINGS
    )
    evidence: bool | None = setting(
        None,
        "add what each word alone says for a label, by naive Bayes",
        automatic="on up to 300,000 words",
    )
    pairs: int | None = setting(
        None,
        "pairs of neighbouring words that count as evidence too, the commonest first (0: none)",
        minimum=0,
        automatic="100,000 up to 300,000 words, if there is evidence, else 0",
    )
    word_size: int | None = setting(
        None,
        "length of a word's vector",
        minimum=1,
        automatic="of vectors that are brought, else 100",
    )
    characters: str = setting(
        "none", "how a word's letters are read", choices=("convolution", "recurrent", "none")
    )
    character_size: int = setting(30, "length of a letter's vector", minimum=1)
    character_units: int = setting(64, "what the letters of a word become: numbers", minimum=2)
    longest_word: int = setting(20, "letters read of a word", minimum=3, maximum=1_000)
    vocabulary_size: int = setting(30_000, "words known, the commonest first (0: all)", minimum=0)
    embeddings: str | None = setting(None, "file of pretrained vectors, GloVe or word2vec text")
    init_from: str | None = setting(
        None, "directory of a run to start from: another classifier's, or a language model's"
    )
    embedded_words: int = setting(
        100_000, "words taken from either beside those of the training text, first come", minimum=0
    )
    longest_text: int = setting(
        400, "words of a text in training; of a longer one the first and the last half", minimum=2
    )
    # regularisation
    dropout: float | None = setting(
        None,
        "share of numbers dropped between layers",
        minimum=0,
        maximum=0.95,
        automatic="0.7 up to 300,000 words, else 0.5",
    )
    recurrent_dropout: float = setting(
        0.0, "share of the state dropped from step to step", minimum=0, maximum=0.95
    )
    word_dropout: float | None = setting(
        None,
        "share of words read as unknown",
        minimum=0,
        maximum=0.95,
        automatic="0.5 up to 300,000 words, else 0.1",
    )
    rare_word_dropout: float | None = setting(
        None,
        "a word seen n times is read as unknown with this/(this + n) besides",
        minimum=0,
        automatic="1 up to 300,000 words, else 0.5",
    )
    class_weight: str = setting(
        "none", "weigh texts so that each label counts the same", choices=("none", "balanced")
    )
    # training
    epochs: int | None = setting(
        None,
        "times through the training data",
        minimum=1,
        automatic="8 up to 300,000 words, 6 up to a million, else 5",
    )
    batch_size: int = setting(32, "texts a step", minimum=1)
    learning_rate: float | None = setting(
        None,
        "Adam's, at its highest",
        minimum=0,
        automatic="0.001 up to 300,000 words, else 0.002",
    )
    clipnorm: float = setting(5.0, "gradients are scaled to this global norm (0: never)", minimum=0)
    averaging: float = setting(
        0.998,
        "share of the averaged weights that a step keeps (0: none)",
        minimum=0,
        maximum=0.99999,
    )
    patience: int = setting(
        5, "epochs without a better validation score before it stops (0: never)", minimum=0
    )
    seed: int = setting(1, "of all that is random", minimum=0)
    threads: int | None = setting(None, "processor threads", minimum=1, automatic="all cores")


def resolve(config: Config, words: int) -> Config:
    """Fill in what depends on the number of words of the training text, and check all settings.

    Raises TaskError for a value out of range, and for settings that contradict each other.
    """
    validate(config)
    config = with_gates(replace(config, cell=config.cell or "lstm"))
    small = words <= SMALL
    evidence = small if config.evidence is None else config.evidence
    if config.pairs and not evidence:
        raise TaskError("`pairs` are part of the evidence: give --evidence, or --pairs 0")
    automatic = {
        "units": 100,
        "word_size": 100,
        "evidence": evidence,
        "pairs": 100_000 if small and evidence else 0,
        "dropout": 0.7 if small else 0.5,
        "word_dropout": 0.5 if small else 0.1,
        "rare_word_dropout": 1.0 if small else 0.5,
        "learning_rate": 1e-3 if small else 2e-3,
        "epochs": 8 if small else 6 if words <= MIDDLING else 5,
    }
    return filled(config, automatic)
