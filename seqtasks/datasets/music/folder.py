"""A folder of music files, with a folder a genre, or a folder a split, or neither.

    DIR/a.mid             DIR/reels/a.mid            DIR/train/a.mid
    DIR/b.xml             DIR/jigs/by-key/b.mid      DIR/valid/jigs/b.mid
                                                     DIR/test/c.mid

The genre is the name of the first folder below DIR, or below that of a split; files that lie in
none of them have none. Hidden files and folders are not read.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.music.files import SUFFIXES, Progress, read_files
from seqtasks.datasets.music.piece import Piece, group_of
from seqtasks.datasets.source import SPLIT_NAMES, SPLIT_WORDS, entries
from seqtasks.datasets.splits import split

NAMED = 5  # broken files that are told with the reason; the others are counted


class MusicFile(NamedTuple):
    """A file of a folder; `split` is "" where the folder has no splits."""

    path: Path
    split: str
    genre: str


def read_folder(
    directory: Path, steps_per_beat: int, progress: Progress | None, notes: list[str]
) -> dict[str, list[Piece]]:
    """The pieces of each split; pieces without splits are split 80/10/10 by what they sound like.

    A piece is named after its file's path below the directory. Broken files are skipped.

    Args:
        directory: laid out as in the module's docstring.
        steps_per_beat: steps of a quarter note.
        progress: called after each file.
        notes: receives how many files were read, which were not, and why.

    Raises:
        DataError: for a folder without music files or none that can be read, and for two folders
            for one split or none for train.
    """
    files = find(directory, notes)
    left_out: list[DataError] = []
    results = read_files([file.path for file in files], steps_per_beat, progress, left_out)
    pieces: dict[str, list[Piece]] = {name: [] for name in ("", *SPLIT_NAMES)}
    broken = []
    for file in files:
        result = results[file.path]
        if isinstance(result, DataError):
            broken.append(result)
            continue
        place = file.path.relative_to(directory).parent
        for piece in result:
            name, genre = (place / piece.name).as_posix(), file.genre or piece.genre
            changed = replace(piece, name=_printable(name), genre=_printable(genre))
            pieces[file.split].append(changed)
    if not any(pieces.values()):
        first = broken[0]
        problem = f"no music in its files: {len(files):,}, the first {first.path}: {first.problem}"
        raise DataError(directory, problem, first.mend)
    notes.append(f"{directory}: music files read: {len(files) - len(broken):,}")
    notes += _told(directory, "broken files skipped", broken)
    notes += _told(directory, "broken tunes skipped, in files with others", left_out)
    if pieces[""]:
        notes.append("split by hash of the notes, the same in every key: 80/10/10")
        return split(pieces[""], group_of)
    return {name: pieces[name] for name in SPLIT_NAMES}


def find(directory: Path, notes: list[str]) -> list[MusicFile]:
    """The music files of a directory in the order of their paths, split by split.

    Raises:
        DataError: where there is none, for a folder closed to us, and for two folders for one
            split or none for train.
    """
    splits = _split_folders(directory)
    found = []
    others: list[Path] = []
    for name, folder in (splits or {"": directory}).items():
        for path in _files_below(folder):
            if path.suffix.lower() in SUFFIXES:
                parts = path.relative_to(folder).parts
                found.append(MusicFile(path, name, parts[0] if len(parts) > 1 else ""))
            else:
                others.append(path)
    if not found:
        got = f"{len(others):,} others, the first {others[0].name}" if others else "none"
        problem = f"expected music files ({', '.join(SUFFIXES)}), got {got}"
        raise DataError(directory, problem, "name a file, or a folder that has some")
    if splits:
        beside = [path for path in _files_below(directory) if path.suffix.lower() in SUFFIXES]
        if len(beside) > len(found):
            count = len(beside) - len(found)
            notes.append(f"{directory}: music files outside the folders of splits: {count:,}")
    if others:
        first = _printable(str(others[0].relative_to(directory)))
        notes.append(f"{directory}: other files left out: {len(others):,}, the first {first}")
    return found


def _split_folders(directory: Path) -> dict[str, Path]:
    """The folder of each split; {} where no folder is named after one."""
    folders = {folder.name: folder for folder in entries(directory, Path.is_dir)}
    if not folders.keys() & set(SPLIT_WORDS):
        return {}
    splits = {}
    for name, words in SPLIT_NAMES.items():
        there = [word for word in words if word in folders]
        if len(there) > 1 or (name == "train" and not there):
            listed = ", ".join(there or folders)
            raise DataError(
                directory, f"expected one folder for {name}, got {listed}", "name one so"
            )
        if there:
            splits[name] = folders[there[0]]
    return splits


def _files_below(folder: Path) -> list[Path]:
    """All files at any depth that are not hidden, in the order of their paths."""

    def refuse(error: OSError) -> None:
        place = error.filename or folder
        mend = f"allow it, as with: chmod u+rx {place}"
        raise DataError(place, "no permission to read it", mend) from None

    found = []
    seen = set()  # links are followed, but never in a circle
    for parent, folders, files in os.walk(folder, onerror=refuse, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen:
            folders[:] = []
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(parent, name) for name in files if not name.startswith(".")]
    return sorted(found)


def _printable(name: str) -> str:
    """A file's name, with � where it is no UTF-8."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _told(directory: Path, what: str, errors: Sequence[DataError]) -> list[str]:
    """Lines that count errors, and give the reasons of the first."""
    if not errors:
        return []
    lines = [f"{directory}: {what}: {len(errors):,}"]
    for error in errors[:NAMED]:
        place = Path(error.path).relative_to(directory)
        line = "" if error.line is None else f":{error.line}"
        lines.append(_printable(f"skipped {place}{line}: {error.problem}"))
    if len(errors) > NAMED:
        lines.append(f"… and {len(errors) - NAMED:,} more")
    return lines
