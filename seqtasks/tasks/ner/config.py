"""The settings of a tagger; the only home of their defaults."""

from dataclasses import dataclass, replace

from seqtasks.tasks.settings import filled, setting, validate, with_gates

# Training sentences up to which data are small, and up to which they are middling.
SMALL, MIDDLING = 6_000, 15_000


@dataclass(frozen=True)
class Config:
    """Settings of `seqtasks ner train`. What is None is resolved by `resolve`."""

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
    bidirectional: bool = setting(True, "also read each sentence from right to left")
    units: int | None = setting(
        None,
        "units of each recurrent layer and direction",
        minimum=1,
        automatic="of the run to start from, else 200 up to 15,000 sentences, else 128",
    )
    layers: int = setting(1, "recurrent layers, one on the other", minimum=1)
    decoder: str = setting(
        "crf", "tags of a sentence chosen together or each alone", choices=("crf", "softmax")
    )
    word_size: int | None = setting(
        None,
        "length of a word's vector",
        minimum=1,
        automatic="of vectors that are brought, else 100",
    )
    characters: str = setting(
        "convolution", "how a word's letters are read", choices=("convolution", "recurrent", "none")
    )
    character_size: int = setting(30, "length of a letter's vector", minimum=1)
    character_units: int = setting(64, "what the letters of a word become: numbers", minimum=2)
    longest_word: int = setting(24, "letters read of a word", minimum=3, maximum=1_000)
    vocabulary_size: int | None = setting(
        None,
        "words known, the commonest first (0: all)",
        minimum=0,
        automatic="all up to 15,000 sentences, else 10,000",
    )
    embeddings: str | None = setting(None, "file of pretrained vectors, GloVe or word2vec text")
    init_from: str | None = setting(
        None, "directory of a run to start from: another tagger's, or a language model's"
    )
    embedded_words: int = setting(
        100_000, "words taken from either beside those of the training text, first come", minimum=0
    )
    # regularisation
    dropout: float = setting(
        0.5, "share of numbers dropped between layers", minimum=0, maximum=0.95
    )
    recurrent_dropout: float = setting(
        0.0, "share of the state dropped from step to step", minimum=0, maximum=0.95
    )
    word_dropout: float = setting(0.1, "share of words read as unknown", minimum=0, maximum=0.95)
    rare_word_dropout: float = setting(
        0.5, "a word seen n times is read as unknown with this/(this + n) besides", minimum=0
    )
    character_dropout: float = setting(
        0.02, "share of letters read as unknown", minimum=0, maximum=0.95
    )
    swap: float = setting(
        0.2, "share of entities replaced by another of their type in training", minimum=0, maximum=1
    )
    split: float = setting(
        0.2, "share of sentences whose tokens are cut at signs in training", minimum=0, maximum=1
    )
    recase: float = setting(
        0.05, "share of sentences set in lower case or capitals in training", minimum=0, maximum=1
    )
    # training
    epochs: int | None = setting(
        None,
        "times through the training data",
        minimum=1,
        automatic="12 up to 6,000 sentences, 20 up to 15,000, else 6",
    )
    batch_size: int | None = setting(
        None,
        "sentences a step",
        minimum=1,
        automatic="16 up to 6,000 sentences, 32 up to 15,000, else 64",
    )
    learning_rate: float | None = setting(
        None,
        "Adam's, at its highest",
        minimum=0,
        automatic="0.002 up to 15,000 sentences, else 0.004",
    )
    clipnorm: float = setting(5.0, "gradients are scaled to this global norm (0: never)", minimum=0)
    averaging: float = setting(
        0.998,
        "share of the averaged weights that a step keeps (0: none)",
        minimum=0,
        maximum=0.99999,
    )
    patience: int = setting(5, "epochs without a better F1 before it stops (0: never)", minimum=0)
    lift_search: bool = setting(True, "choose on validation how readily words count as names")
    seed: int = setting(1, "of all that is random", minimum=0)
    threads: int | None = setting(None, "processor threads", minimum=1, automatic="all cores")


def resolve(config: Config, sentences: int) -> Config:
    """Fill in what depends on the number of training sentences, and check all settings.

    Raises TaskError for a value out of range, and for settings that contradict each other.
    """
    validate(config)
    config = with_gates(replace(config, cell=config.cell or "lstm"))
    small, large = sentences <= SMALL, sentences > MIDDLING
    automatic = {
        "epochs": 12 if small else 6 if large else 20,
        "batch_size": 16 if small else 64 if large else 32,
        "learning_rate": 4e-3 if large else 2e-3,
        "units": 128 if large else 200,
        "word_size": 100,
        "vocabulary_size": 10_000 if large else 0,
    }
    return filled(config, automatic)
