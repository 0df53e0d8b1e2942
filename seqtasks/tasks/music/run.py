"""Training a music model, and loading one."""

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf

from seqtasks.datasets.music.piece import Piece
from seqtasks.datasets.music.piece_bytes import pack, unpack
from seqtasks.datasets.source import Source
from seqtasks.tasks import plots, run_directory, training
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.music.composer import Composer
from seqtasks.tasks.music.config import Config, check, resolve
from seqtasks.tasks.music.data import SIGNATURE, batches, encode, epoch_steps
from seqtasks.tasks.music.evaluation import figures_of
from seqtasks.tasks.music.likelihood import training_loss
from seqtasks.tasks.music.network import Network
from seqtasks.tasks.music.notation import Notation

VOCABULARY = "vocabulary.json"
PIECES = "pieces.bin"  # of training, to tell what a new piece copies


def train(
    config: Config,
    data: Source[Piece],
    out: Path,
    overwrite: bool = False,
    resume: bool = False,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Train on `data` and leave a run directory at `out`; returns the validation figures.

    overwrite: replace a run, or an unfinished one, that is there.
    resume: go on with an unfinished run; its own configuration counts.
    say: is given lines for the user.
    Raises TaskError for settings that are wrong, and for a place that is taken.
    """
    config = check(config)
    run_directory.check_place(out, overwrite, resume)
    training.start_tensorflow(config.seed, config.threads)
    for note in data.notes:
        say(note)
    notation = Notation.of(data.splits["train"], config.mode, config.ties)
    steps = {name: sum(map(len, data.splits[name])) for name in ("train", "dev")}
    config = resolve(config, notation, steps["train"])
    record: dict[str, Any] = {
        "task": "music",
        "config": dataclasses.asdict(config),
        "data": {
            "source": data.name,
            "fingerprint": data.fingerprint,
            "steps": steps,
            "genres": list(notation.genres),
        },
        "versions": run_directory.versions(),
    }
    if resume:
        record = run_directory.same_as_begun(
            run_directory.open_staging(out, overwrite, resume), record
        )
        config = Config(**record["config"])
        training.start_tensorflow(config.seed, config.threads)  # the seed it was begun with
    network = build_model(config, notation)
    composer = Composer(network)
    pieces = [encode(piece, notation) for piece in data.splits["train"]]
    say(_summary(data, notation, steps, network))
    staging = run_directory.open_staging(out, overwrite, resume)
    run_directory.write_json(staging / run_directory.CONFIG, record)
    (staging / "checkpoints").mkdir(exist_ok=True)

    def figures() -> dict[str, float]:
        found = composer.nats_per_step(data.splits["dev"])
        return {"validation loss": found, "score": -found}

    history = training.fit(
        network,
        training_loss(network),
        SIGNATURE,
        lambda epoch: batches(pieces, notation, config, epoch),
        figures,
        training.plan(config, epoch_steps(pieces, config)),
        staging / "checkpoints" / "last.npz",
    )
    scores = figures_of(composer, data.splits["dev"])
    _write_run(staging, composer, data.splits["train"], history, scores)
    run_directory.commit(staging, out)
    # last, so that a process that dies before it is done has not lost its training
    shutil.rmtree(out / "checkpoints", ignore_errors=True)
    return scores


def build_model(config: Config, notation: Notation) -> Network:
    """The network of a resolved configuration, with fresh weights."""
    return Network(config, notation)


def load(model: Path) -> Composer:
    """The composer of a run directory.

    Raises TaskError if there is none, or if a file of it is broken.
    """
    record = run_directory.read_config(model, "music")
    try:
        config = Config(**record["config"])
        notation = Notation.from_dict(json.loads((model / VOCABULARY).read_text("utf-8")))
        composer = Composer(build_model(config, notation))
    except (OSError, ValueError, TypeError, KeyError, tf.errors.OpError) as error:
        reason = str(error).splitlines()[0]
        raise TaskError(f"{model}: the run is broken ({reason}); train it anew") from None
    path = model / run_directory.WEIGHTS
    run_directory.set_weights(composer.network, run_directory.load_arrays(path), path)
    return composer


def training_pieces(model: Path) -> list[Piece]:
    """The pieces that a run was trained on, as its notation writes them.

    Raises TaskError if the file that holds them is missing or broken.
    """
    try:
        return unpack((model / PIECES).read_bytes())
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


def _write_run(
    staging: Path,
    composer: Composer,
    pieces: list[Piece],
    history: list[dict[str, float]],
    scores: dict[str, Any],
) -> None:
    """What training leaves, beside the configuration that is there already."""
    best = max(history, key=lambda row: row["score"])
    run_directory.write_json(staging / VOCABULARY, composer.notation.as_dict())
    (staging / PIECES).write_bytes(pack([composer.notation.written(piece) for piece in pieces]))
    weights = run_directory.weights_of(composer.network)
    run_directory.save_arrays(staging / run_directory.WEIGHTS, weights)
    training.write_history(staging / "history.csv", history)
    plots.curves(staging / "curves.png", history, "validation loss", best["epoch"])
    metrics = {"dev": scores, "best_epoch": best["epoch"]}
    run_directory.write_json(staging / "metrics.json", metrics)
