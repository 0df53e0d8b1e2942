"""From the SOURCE of the command line to pieces of music.

A source is `sample` (or `chorales`: Bach's, from music21), a file of pitch sets (JSON), of music
(MIDI, MusicXML, ABC), a directory with such a file a split (JSON, ABC), or a folder of music files.
"""

from pathlib import Path

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.music.files import SUFFIXES, Progress, read_files
from seqtasks.datasets.music.folder import read_folder
from seqtasks.datasets.music.piece import Piece, group_of
from seqtasks.datasets.music.pitch_sets import WHOLE, read_pitch_sets
from seqtasks.datasets.music.scores import ABC_SUFFIXES
from seqtasks.datasets.source import SPLIT_NAMES, Source, complete, path_of, split_files
from seqtasks.datasets.splits import split

CHORALES = ("sample", "chorales")
JSON_SUFFIXES = (".json",)
SEVERAL = (*JSON_SUFFIXES, *ABC_SUFFIXES)  # a file of these can hold a whole split

# where nobody says how many: sixteenths; a step of pitch sets is a quarter note. Of the chorales
# eighths, on which 96% of what is struck begins: so a model is trained in half the time
STEPS_PER_BEAT = 4
STEPS_PER_BEAT_OF_JSON = 1
STEPS_PER_BEAT_OF_CHORALES = 2


def load_music(
    source: str,
    data_dir: Path | None = None,
    steps_per_beat: int | None = None,
    progress: Progress | None = None,
) -> Source[Piece]:
    """Reads a source, splits it where it has no splits, and says what it did and found.

    Pieces without splits are split 80/10/10 by a hash of their notes, so that the same music, in
    whatever key, is in one split; without a dev split, a tenth of train is held out likewise.

    Args:
        source: SOURCE, as in the module's docstring.
        data_dir: as other tasks have it; music of TensorFlow Datasets is not read.
        steps_per_beat: steps of a quarter note; None is 2 for the chorales, 1 for JSON, 4 for all
            else. Of JSON it says what the steps are, and changes none.
        progress: called with how many files of how many are read.

    Raises:
        DataError: for a name or path that is none, for too little music, and for whatever the
            readers refuse; of a folder's files, broken ones are skipped as long as one is left.
    """
    notes: list[str] = []
    splits = _read(source, steps_per_beat, progress, notes)
    data = complete(source, splits, tuple(notes), group_of, "pieces")
    return Source(data.name, data.splits, (*data.notes, *_findings(data.splits)), data.fingerprint)


def read_music_file(
    path: Path, steps_per_beat: int | None = None, notes: list[str] | None = None
) -> list[Piece]:
    """Reads one file whole: pitch sets, MIDI, a score, or all tunes of an ABC file.

    Of pitch sets with splits, these come one after another.

    Args:
        path: of the file.
        steps_per_beat: as for `load_music`.
        notes: receives what the user should know, a line each.

    Raises:
        DataError: for another suffix, and for whatever the readers refuse.
    """
    suffix = path.suffix.lower()
    if suffix in JSON_SUFFIXES:
        splits = read_pitch_sets(path, steps_per_beat or STEPS_PER_BEAT_OF_JSON)
        return [piece for pieces in splits.values() for piece in pieces]
    if suffix not in SUFFIXES:
        listed = ", ".join((*SUFFIXES, *JSON_SUFFIXES))
        problem = f"expected a file of music ({listed}), got {path.suffix or 'no suffix'}"
        raise DataError(path, problem, "name another file, or rename it")
    left_out: list[DataError] = []
    [result] = read_files([path], steps_per_beat or STEPS_PER_BEAT, None, left_out).values()
    if isinstance(result, DataError):
        raise result
    if left_out and notes is not None:
        notes.append(f"broken tunes skipped: {len(left_out):,}, the first {left_out[0]}")
    return result


def primer_of(path: Path, steps_per_beat: int) -> Piece:
    """The one piece of a file, for its first notes.

    Raises:
        DataError: for a file with several, and for whatever the readers refuse.
    """
    pieces = read_music_file(path, steps_per_beat)
    if len(pieces) != 1:
        problem = f"expected one piece, got {len(pieces):,}"
        raise DataError(path, problem, "save the one that is meant in a file of its own")
    return pieces[0]


def _read(
    source: str, steps_per_beat: int | None, progress: Progress | None, notes: list[str]
) -> dict[str, list[Piece]]:
    """The splits a source has, or is given by hash; `notes` receives those of its readers."""
    if source in CHORALES:
        from seqtasks.datasets.music.chorales import LICENCE, load

        notes.append(LICENCE)
        return load(steps_per_beat or STEPS_PER_BEAT_OF_CHORALES, progress, notes.append)
    if source.startswith("tfds:"):
        raise DataError(
            source,
            "music of TensorFlow Datasets is not read",
            "save it as MIDI files and name their folder, or name: sample",
        )
    path = path_of(source, "music")
    if not path.is_dir():
        return _read_file(path, steps_per_beat, notes)
    files = {
        name: file
        for name, file in split_files(path, SEVERAL).items()
        if file.suffix.lower() in SEVERAL
    }
    if "train" in files:
        return {name: read_music_file(file, steps_per_beat, notes) for name, file in files.items()}
    return read_folder(path, steps_per_beat or STEPS_PER_BEAT, progress, notes)


def _read_file(path: Path, steps_per_beat: int | None, notes: list[str]) -> dict[str, list[Piece]]:
    if path.suffix.lower() in JSON_SUFFIXES:
        splits = read_pitch_sets(path, steps_per_beat or STEPS_PER_BEAT_OF_JSON)
        if WHOLE not in splits:
            return splits
        pieces = splits[WHOLE]
    else:
        pieces = read_music_file(path, steps_per_beat, notes)
    notes.append("split by hash of the notes, the same in every key: 80/10/10")
    return split(pieces, group_of)


def _findings(splits: dict[str, list[Piece]]) -> list[str]:
    """How much of each split train has as well, a line each."""
    known = set(map(group_of, splits["train"]))
    counts = {
        name: sum(group_of(piece) in known for piece in splits[name])
        for name in SPLIT_NAMES
        if name in splits and name != "train"
    }
    return [
        f"{name}: pieces that are in train as well, in some key: {count:,}"
        for name, count in counts.items()
        if count
    ]
