"""How the pieces of a run are written down: as tokens, with genres by number.

A step is a row of tokens. Of pieces with voices a column is a voice, and 0 is its silence;
otherwise the tones of a step stand from high to low, and 0 behind them ends the step.

    token                meaning
    0                    silence of a voice; end of the step
    1 … 127              this MIDI pitch, struck
    127 + 1 … 127 + 127  this MIDI pitch, held over from the step before
    255                  first and only token of a step: all stays as it was, held over

The last one stands in no row: it is how the network says a row that holds over the one before.
"""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqtasks.datasets.music.bars import LONGEST
from seqtasks.datasets.music.piece import (
    HIGHEST,
    TONICS,
    Piece,
    as_set,
    genres_of,
    without_ties,
)
from seqtasks.tasks.errors import TaskError

NOTHING = 0
HELD = HIGHEST  # of a held pitch the token is HELD + pitch
STILL = 2 * HIGHEST + 1
TOKENS = 2 * HIGHEST + 2


@dataclass(frozen=True)
class Notation:
    """What a run knows of the pieces it was trained on.

    Attributes:
        voices: the names of the columns; () where steps are sets of tones.
        ties: whether held tones are told from struck ones.
        steps_per_beat: steps of a quarter note.
        width: columns; of sets, the most tones of a step.
        ranges: the lowest and the highest pitch of each voice; of sets, of all tones.
        genres: names by number, the first of which is number 1.
        by_tonic: genres are modes, each in twelve keys: number 1 is the first mode on C.
        counts: how many pieces of training have each genre.
        bar: steps of the commonest bar; 0 where the pieces have no bars.
    """

    voices: tuple[str, ...]
    ties: bool
    steps_per_beat: int
    width: int
    ranges: tuple[tuple[int, int], ...]
    genres: tuple[str, ...] = ()
    by_tonic: bool = False
    counts: tuple[int, ...] = ()
    bar: int = 0

    @classmethod
    def of(cls, pieces: Sequence[Piece], mode: str | None, ties: bool | None) -> "Notation":
        """That of the training pieces.

        With `mode` None it has voices where all pieces have the same ones, with `ties` None held
        tones where there are any.

        Raises TaskError for mode `voice` where there are no voices common to all.
        """
        voices = pieces[0].voices
        same = bool(voices) and all(piece.voices == voices for piece in pieces)
        if mode == "voice" and not same:
            raise TaskError("the pieces do not all have the same voices; --mode set does without")
        if mode == "set" or not same:
            voices = ()
        if ties is None:
            ties = any(bool((~p.struck & (p.pitches > 0)).any()) for p in pieces)
        bars = Counter(int(b) for p in pieces if p.places is not None for b in p.places[:, 1])
        genres, by_tonic = genres_of(pieces)
        notation = cls(
            voices,
            ties,
            pieces[0].steps_per_beat,
            len(voices),
            (),
            genres,
            by_tonic,
            bar=bars.most_common(1)[0][0] if bars else 0,
        )
        numbers = [notation.number(piece.genre, piece.tonic) for piece in pieces]
        counts = np.bincount(numbers, minlength=len(notation.genres) + 1)[1:]
        rows = [notation.written(piece).pitches for piece in pieces]
        if voices:
            columns = [np.concatenate([row[:, i] for row in rows]) for i in range(len(voices))]
        else:
            columns = [np.concatenate([row.ravel() for row in rows])]
        heard = [column[column > 0] for column in columns]
        ranges = tuple((int(h.min()), int(h.max())) if h.size else (1, HIGHEST) for h in heard)
        return dataclasses.replace(
            notation,
            width=max(row.shape[1] for row in rows),
            ranges=ranges,
            counts=tuple(counts.tolist()),
        )

    def written(self, piece: Piece) -> Piece:
        """The piece as this notation writes it: its voices kept or not, its ties kept or not.

        Raises TaskError for a piece without these voices, or on another grid.
        """
        if piece.steps_per_beat != self.steps_per_beat:
            raise TaskError(
                f"{piece.name}: {piece.steps_per_beat} steps a beat, the run has "
                f"{self.steps_per_beat}"
            )
        if not self.voices:
            piece = as_set(piece)
        elif len(piece.voices) != len(self.voices):
            had = ", ".join(piece.voices) or "none"
            raise TaskError(
                f"{piece.name}: its voices are {had}, the run has {', '.join(self.voices)}; "
                "name a score (MusicXML) with as many parts"
            )
        return piece if self.ties else without_ties(piece)

    def number(self, genre: str, tonic: int | None) -> int:
        """The number of a piece's genre, 0 for none or one that the run does not know."""
        name = f"{TONICS[tonic]} {genre}" if self.by_tonic and tonic is not None else genre
        return self.genres.index(name) + 1 if name in self.genres else 0

    def named(self, genre: str) -> int:
        """The number of a genre given by number or by name, as a user writes it; "" is 0.

        Raises TaskError for one that there is not, naming those that there are.
        """
        if not genre or genre == "0":
            return 0
        names = [name.casefold() for name in self.genres]
        numbers = list(map(str, range(1, len(names) + 1)))
        for known in (names, numbers):  # a folder may be called 1990, or 2
            if genre.casefold() in known:
                return known.index(genre.casefold()) + 1
        if not self.genres:
            raise TaskError(f"no genre {genre!r}: the run knows none; leave out --genre")
        listed = ", ".join(f"{number} {name}" for number, name in enumerate(self.genres, 1))
        raise TaskError(f"no genre {genre!r}: there are {listed}, and 0 for none")

    def drawn(self, seed: int, num: int) -> list[int]:
        """Genres by number, each as often as in training; a function of the seed and the place."""
        total = sum(self.counts)
        if not total:
            return [0] * num
        shares = [count / total for count in self.counts]
        places = range(1, len(shares) + 1)
        return [int(np.random.default_rng([seed, i]).choice(places, p=shares)) for i in range(num)]

    def tonic_of(self, number: int) -> tuple[str, int | None]:
        """The genre and the tonic that a number stands for: what a `Piece` says of itself."""
        if not number:
            return "", None
        name = self.genres[number - 1]
        return (name.split(" ", 1)[1], (number - 1) % 12) if self.by_tonic else (name, None)

    def range_of(self, column: int) -> tuple[int, int]:
        """The lowest and the highest pitch of a column."""
        return self.ranges[column if self.voices else 0]

    def as_dict(self) -> dict[str, Any]:
        """For `vocabulary.json`; `from_dict` reads it."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> "Notation":
        """What `as_dict` gave, after a way through JSON.

        Raises ValueError, TypeError or KeyError for a record that is none.
        """
        found = cls(
            **{
                **record,
                "voices": tuple(map(str, record["voices"])),
                "genres": tuple(map(str, record["genres"])),
                "ranges": tuple((int(low), int(high)) for low, high in record["ranges"]),
                "counts": tuple(map(int, record["counts"])),
            }
        )
        if len(found.ranges) != max(len(found.voices), 1):
            raise ValueError("ranges and voices do not fit")
        if not all(1 <= low <= high <= HIGHEST for low, high in found.ranges):
            raise ValueError(f"expected ranges of pitches from 1 to {HIGHEST}")
        if type(found.ties) is not bool or type(found.by_tonic) is not bool:
            raise ValueError("expected true or false as `ties` and `by_tonic`")
        whole = (("steps_per_beat", 1, LONGEST), ("width", 1, HIGHEST), ("bar", 0, LONGEST))
        for name, least, most in whole:
            value = getattr(found, name)
            if type(value) is not int or not least <= value <= most:
                raise ValueError(f"expected a number from {least} to {most} as `{name}`")
        if found.voices and found.width != len(found.voices):
            raise ValueError("width and voices do not fit")
        if len(found.counts) != len(found.genres) or not all(0 <= n < 2**53 for n in found.counts):
            raise ValueError("genres and their counts do not fit")
        modes = [name.partition(" ")[2] for name in found.genres]
        if found.by_tonic and (len(modes) % len(TONICS) or not all(modes)):
            raise ValueError("genres are no modes in twelve keys")
        return found


def tokens_of(piece: Piece) -> np.ndarray:
    """The tokens of a piece as its notation writes it: uint8 (steps, width)."""
    held = (piece.pitches > 0) & ~piece.struck
    return piece.pitches + np.uint8(HELD) * held


def pitches_of(tokens: np.ndarray) -> np.ndarray:
    """The pitches that tokens sound, struck or held, in their type; what is no pitch stays."""
    return np.where(tokens > HELD, tokens - HELD, tokens)


def piece_of(tokens: np.ndarray, notation: Notation, name: str) -> Piece:
    """The piece of these tokens, (steps, width): what `tokens_of` reads back."""
    tokens = np.asarray(tokens).astype(np.int32)
    pitches = pitches_of(tokens).astype(np.uint8)
    struck = (tokens > NOTHING) & (tokens <= HELD)
    return Piece(name, pitches, struck, notation.steps_per_beat, notation.voices)
