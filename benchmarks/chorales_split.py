"""Which chorales of music21's corpus are used, in which splits, and in what key.

    python benchmarks/chorales_split.py > seqtasks/datasets/music/chorales_split.txt

The table is committed: it is the same for everyone, and `seqtasks` only reads it. This script made
it, in about three minutes, and says how; notes on what is left out go to standard error.

Left out are files that have not exactly one soprano, alto, tenor and bass with one tone at a time;
those in which the voices are silent for a fifth of the time, since instruments play interludes;
and all but the first of those whose harmony is the same, in whatever key.

A group is a tune. Two chorales share it where their sopranos align, in any of twelve keys, over
`SAME_TUNE` of the shorter one: each tone that sounds on a beat counts once, whatever its length,
so that passing notes and changes of rhythm cost little. Between 0.45 and 0.75 the pairs were
compared by hand, and all of them against the titles of the Riemenschneider edition: of pairs with
one title two fell below, and are added; the others that do are different tunes to one text. Above
it are a handful of tunes that share phrases only, which does no harm. The hash of the group's
name places it, 80/10/10 by groups.

The tonic is the last bass note, for Bach ends in root position; and the mode is major where the
major third above it is the more frequent. But where the last chord is a dominant, the tonic is the
fourth above it, minor: that is so in the Phrygian mode, of which the signature tells, unless its
own dominant leads to that chord; and where the distribution of pitch classes says so clearly.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

import numpy as np

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.music.chorales import SUFFIXES, corpus
from seqtasks.datasets.music.isolated import parse_all
from seqtasks.datasets.music.piece import Piece, notes_of
from seqtasks.datasets.music.score_text import read_xml
from seqtasks.datasets.splits import position

SAME_TUNE = 0.6
SAME_HARMONY = 0.93  # of the shorter one's eighths, in runs of three or more
INTERLUDES = 0.2  # of all steps, without a voice
STEPS_PER_BEAT = 4

# found by their titles: the same tune in another metre, and in another mode
ALSO_SAME_TUNE = (("bwv137.5", "bwv57.8"), ("bwv245.15", "bwv283"))
# its last bass note is a fifth wrong in the corpus
KEYS = {"bwv184.5": (2, "major")}

MISMATCH, GAP = -1.0, 0.6
CLEARLY = 0.1  # of correlation
# how well each pitch class fits a key, from its tonic: Krumhansl and Kessler (1982)
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


def main() -> None:
    """Prints the table."""
    pieces = usable_pieces()
    pairs = {pair for pair, likeness in likenesses(pieces) if likeness >= SAME_TUNE}
    names = [piece.name for piece in pieces]
    pairs |= {(names.index(one), names.index(other)) for one, other in ALSO_SAME_TUNE}
    dropped: set[int] = set()
    for one, other in sorted(pairs):
        likeness = same_harmony(pieces[one], pieces[other])
        if one not in dropped and likeness >= SAME_HARMONY:
            dropped.add(other)
            left_out(names[other], f"the same harmony as {names[one]}")
    group = groups(len(pieces), pairs)
    print("# file, group (tune), split, pitch class of the tonic, mode; from chorales_split.py")
    for number, piece in enumerate(pieces):
        if number not in dropped:
            tonic, mode = KEYS.get(piece.name) or key_of(piece, fifths_of(piece.name))
            tune = names[group[number]]
            place = position(tune, "chorale")
            split = "train" if place < 0.8 else "dev" if place < 0.9 else "test"
            print(piece.name, tune, split, tonic, mode)


def usable_pieces() -> list[Piece]:
    """In order of their numbers."""
    paths = [path for path in corpus().iterdir() if path.suffix in SUFFIXES]
    paths.sort(key=lambda path: (*number_of(path.stem), path.stem))
    pieces = []
    for path, found in zip(
        paths, parse_all(paths, "seqtasks.datasets.music.chorale", STEPS_PER_BEAT), strict=True
    ):
        if isinstance(found, DataError):
            left_out(path.stem, found.problem)
        elif (silent := float((found[0].pitches == 0).all(axis=1).mean())) > INTERLUDES:
            left_out(path.stem, f"voices silent {silent:.0%} of the time")
        else:
            pieces += found
    return pieces


def number_of(stem: str) -> tuple[int, int]:
    """248 and 42 of `bwv248.42-s`."""
    work, _, movement = stem.removeprefix("bwv").partition("-")[0].partition(".")
    return int(work), int(movement or 0)


def left_out(name: str, why: str) -> None:
    """Notes that a chorale is not in the table."""
    print(f"{name} left out: {why}", file=sys.stderr)


def melody(piece: Piece) -> list[int]:
    """The pitch classes of the soprano's tones that sound on a beat, each once."""
    tones = [note for column, note in notes_of(piece) if column == 0]
    beat = piece.steps_per_beat
    return [tone.pitch % 12 for tone in tones if -(-tone.start // beat) * beat < tone.end]


def likenesses(pieces: Sequence[Piece]) -> Iterator[tuple[tuple[int, int], float]]:
    """For each pair the score of the best local alignment of their melodies, in the best key.

    It is divided by the length of the shorter one; a tone in its place counts 1.
    """
    melodies = [melody(piece) for piece in pieces]
    lengths = np.array(list(map(len, melodies)))
    padded = np.full((len(pieces), lengths.max()), -1)
    for row, tones in zip(padded, melodies, strict=True):
        row[: len(tones)] = tones
    for one, tones in enumerate(melodies[:-1]):
        others = padded[one + 1 :, None]
        keys = (others + np.arange(12)[:, None]) % 12
        keys = np.where(others < 0, -1, keys).reshape(-1, padded.shape[1])
        best = best_alignment(tones, keys).reshape(-1, 12).max(axis=1)
        for other, score in enumerate(best, one + 1):
            yield (one, other), float(score) / min(lengths[one], lengths[other])


def best_alignment(tones: Sequence[int], others: np.ndarray) -> np.ndarray:
    """Scores (rows,) of the best local alignments (Smith and Waterman) with rows of `others`."""
    columns = np.ascontiguousarray(others.T)
    skipped = np.float32(GAP) * np.arange(len(columns), dtype=np.float32)[:, None]
    before = np.zeros((len(columns) + 1, columns.shape[1]), np.float32)
    best = np.zeros(columns.shape[1], np.float32)
    for tone in tones:
        matched = before[:-1] + np.where(columns == tone, 1, np.float32(MISMATCH))
        score = np.maximum(np.maximum(matched, before[1:] - np.float32(GAP)), 0)
        score = np.maximum.accumulate(score + skipped, axis=0) - skipped
        before[1:] = score
        best = np.maximum(best, score.max(axis=0))
    return best


def same_harmony(one: Piece, other: Piece) -> float:
    """The share of the shorter one's eighths in which both have the same chords in order."""
    chords = []
    for piece in (one, other):
        rows = piece.pitches[:: piece.steps_per_beat // 2].astype(int)
        rows = rows[rows.all(axis=1)]
        chords.append(list(map(tuple, rows[:, :1] - rows[:, 1:])))
    blocks = SequenceMatcher(None, *chords, autojunk=False).get_matching_blocks()
    same = sum(block.size for block in blocks if block.size >= 3)
    return same / min(map(len, chords))


def groups(count: int, pairs: set[tuple[int, int]]) -> list[int]:
    """For each number the least one that it is connected to."""
    least = list(range(count))
    near = defaultdict(set)
    for one, other in pairs:
        near[one].add(other)
        near[other].add(one)
    for number in range(count):
        waiting = [number] if least[number] == number else []
        while waiting:
            for other in near[waiting.pop()]:
                if least[other] > number:
                    least[other] = number
                    waiting.append(other)
    return least


def key_of(piece: Piece, fifths: int) -> tuple[int, str]:
    """Tonic and mode; `fifths` is the number of sharps, or of flats below 0."""
    counts = np.bincount(piece.pitches[piece.pitches > 0] % 12, minlength=12)
    bass = [note.pitch % 12 for column, note in notes_of(piece) if column == 3]
    last = bass[-1]
    previous = next((pitch for pitch in reversed(bass) if pitch != last), last)
    degree = (last - 7 * fifths) % 12  # above the tonic of the major key of this signature
    phrygian = degree == 4 and (previous - last) % 12 != 7
    fourth = (last + 5) % 12
    here = max(fit(counts, last, MAJOR), fit(counts, last, MINOR))
    clearly = fit(counts, fourth, MINOR) > here + CLEARLY
    # of a minor tonic the major third is rarer than the minor one, unless it is a leading note
    leading = degree in (2, 9) and counts[(last + 4) % 12] > counts[(last + 3) % 12]
    if phrygian or clearly or leading:
        return fourth, "minor"
    return last, "major" if counts[(last + 4) % 12] > counts[(last + 3) % 12] else "minor"


def fit(counts: np.ndarray, tonic: int, profile: Sequence[float]) -> float:
    """The correlation of how often each pitch class sounds with a key's profile."""
    return float(np.corrcoef(np.roll(profile, tonic), counts)[0, 1])


def fifths_of(stem: str) -> int:
    """The sharps of a chorale's signature, or below 0 its flats."""
    path = next(path for path in corpus().glob(f"{stem}.*") if path.suffix in SUFFIXES)
    part = read_xml(path).find("part")
    assert part is not None
    return int(part.findtext(".//key/fifths", "0"))


if __name__ == "__main__":
    main()
