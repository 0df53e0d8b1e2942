"""Training a music model, and loading one."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from seqtasks.datasets.music.piece import Piece
from seqtasks.datasets.music.piece_bytes import pack, unpack
from seqtasks.datasets.regular_file import read_json, read_regular
from seqtasks.datasets.source import Source
from seqtasks.tasks import loading, run_directory, training
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.music.composer import Composer
from seqtasks.tasks.music.config import Config, check, resolve
from seqtasks.tasks.music.data import SIGNATURE, batches, encode, epoch_steps
from seqtasks.tasks.music.evaluation import figures_of
from seqtasks.tasks.music.likelihood import training_loss
from seqtasks.tasks.music.network import Network
from seqtasks.tasks.music.notation import TOKENS, Notation
from seqtasks.tasks.run_record import check_unchanged, record
from seqtasks.tasks.training_plan import plan
from seqtasks.tasks.training_run import TrainingRun, claimed

VOCABULARY = "vocabulary.json"
PIECES = "pieces.bin"  # of training, to tell what a new piece copies
MOST_BYTES = 1 << 29  # of them


def train(
    config: Config,
    data: Source[Piece],
    out: Path,
    overwrite: bool = False,
    resume: bool = False,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Train on `data` and leave a run directory at `out`; returns the validation figures.

    config: the settings.
    overwrite: replace a run, or an unfinished one, that is there.
    resume: go on with an unfinished run; its own configuration counts.
    say: is given lines for the user.
    Raises TaskError for settings that are wrong, and for a place that is taken; Interrupted when
    a signal stops it; FloatingPointError if it went wrong, once the last good weights are kept.
    """
    config = check(config)
    with claimed(out, overwrite, resume) as run:
        return _train(config, data, run, say)


def _train(
    config: Config, data: Source[Piece], run: TrainingRun, say: Callable[[str], None]
) -> dict[str, Any]:
    given = dataclasses.asdict(config)
    training.start_tensorflow(config.seed, config.threads)
    for note in data.notes:
        say(note)
    notation = Notation.of(data.splits["train"], config.mode, config.ties)
    steps = {name: sum(map(len, data.splits[name])) for name in ("train", "dev")}
    config = resolve(config, notation, steps["train"])
    begun = run.record(
        record("music", config, data, steps=steps, genres=list(notation.genres)), given, say
    )
    if run.resume:
        config = _settings(run.staging, begun, notation)
        training.start_tensorflow(config.seed, config.threads)  # the seed it was begun with
    network = build_model(config, notation)
    composer = Composer(network)
    pieces = [encode(piece, notation) for piece in data.splits["train"]]
    say(_summary(data, notation, steps, network))
    run.begin(begun)

    def figures() -> dict[str, float]:
        found = composer.nats_per_step(data.splits["dev"])
        return {"validation loss": found, "score": -found}

    fitted = training.fit(
        network,
        training_loss(network),
        SIGNATURE,
        lambda epoch: batches(pieces, notation, config, epoch),
        figures,
        plan(config, epoch_steps(pieces, config)),
        run.checkpoint,
    )
    scores = figures_of(composer, data.splits["dev"])
    run_directory.write_json(run.staging / VOCABULARY, notation.as_dict())
    written = [notation.written(piece) for piece in data.splits["train"]]
    (run.staging / PIECES).write_bytes(pack(written))
    run.finish(network, fitted, "validation loss", {"dev": scores})
    return scores


def build_model(config: Config, notation: Notation) -> Network:
    """The network of a resolved `config` for a `notation`, with fresh weights."""
    return Network(config, notation)


def load(model: Path) -> Composer:
    """The composer of the run directory `model`.

    Raises TaskError if there is none, or if a file of it is broken.
    """
    record = run_directory.read_config(model, "music")
    notation = loading.built(
        model,
        lambda: Notation.from_dict(read_json(model / VOCABULARY, 1 << 20, "train the model anew")),
    )
    config = _settings(model, record, notation)
    size, hidden = config.embedding_size, config.hidden
    rows = TOKENS * (len(notation.voices) or 1) + len(notation.genres)
    numbers = rows * (size + hidden) + loading.recurrent_numbers(config, size)
    weights = loading.weights_for(model, config.layers, numbers + hidden * (config.units + hidden))
    composer: Composer = loading.built(model, lambda: Composer(build_model(config, notation)))
    run_directory.set_weights(composer.network, weights, model / run_directory.WEIGHTS)
    check_unchanged(model, record)
    return composer


def training_pieces(model: Path) -> list[Piece]:
    """The pieces that the run `model` was trained on, as its notation writes them.

    Raises TaskError if the file that holds them is missing or broken.
    """
    try:
        return unpack(read_regular(model / PIECES, MOST_BYTES, "train the model anew"))
    except Exception:  # a broken archive raises errors of many kinds
        raise TaskError(f"{model / PIECES}: missing or broken; train the model anew") from None


def _summary(
    data: Source[Piece], notation: Notation, steps: dict[str, int], network: Network
) -> str:
    how = f"{len(notation.voices)} voices" if notation.voices else f"sets of up to {notation.width}"
    return (
        f"{len(data.splits['train']):,} pieces of {steps['train']:,} time steps to train, "
        f"{len(data.splits['dev']):,} of {steps['dev']:,} to validate; "
        f"{notation.steps_per_beat} steps a beat, {how}, {len(notation.genres)} genres; "
        f"{network.count_params():,} weights"
    )


def _settings(place: Path, record: dict[str, Any], notation: Notation) -> Config:
    """The settings of the run, finished or not, at `place`."""
    return loading.settings_of(
        place, record, Config, lambda config: resolve(check(config), notation, 1)
    )
