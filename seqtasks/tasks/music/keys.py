"""The key of a piece, and how its notes are spelt in it."""

from typing import NamedTuple

import numpy as np

from seqtasks.datasets.music.piece import Piece

# How well each pitch class fits a key, counted from its tonic: the probe-tone ratings of Krumhansl
# and Kessler, "Tracing the dynamic changes in perceived tonal organization in a spatial
# representation of musical keys", Psychological Review 89 (1982)
_PROFILES = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
# what the correlation of a key gains where the piece ends on its tonic in the bass. Of 388 chorales
# by Bach it lets 93 % be given their tonic, where without it 79 % are: their dominants last long
_ENDING = 0.1
_MINOR = ("minor", "aeolian", "dorian", "phrygian")  # modes with a minor third
_LETTERS = "FCGDAEB"  # in fifths; beyond B each comes again with one sharp more


class Key(NamedTuple):
    """A tonic, as a pitch class, and `major` or `minor`."""

    tonic: int
    mode: str

    @property
    def sharps(self) -> int:
        """Of its signature, -5 to 6; flats are negative. It is F sharp major, not G flat."""
        major = (self.tonic + 3 * (self.mode == "minor")) % 12
        return (7 * major + 5) % 12 - 5


def key_of(piece: Piece) -> Key:
    """The key that the piece says it is in; what it does not say is estimated by `find_key`."""
    if piece.tonic is None:
        return find_key(piece)
    words = piece.genre.lower().split()
    for mode, names in {"minor": _MINOR, "major": ("major", "ionian", "mixolydian")}.items():
        if set(words) & set(names):
            return Key(piece.tonic, mode)
    weights = pitch_classes(piece)
    modes = sorted(_PROFILES, key=lambda mode: _fit(weights, Key(piece.tonic or 0, mode)))
    return Key(piece.tonic, modes[-1])


def find_key(piece: Piece) -> Key:
    """The key whose profile correlates best with how long each pitch class sounds.

    The last bass note counts besides: its key has `_ENDING` more than its correlation.
    """
    weights = pitch_classes(piece)
    heard = piece.pitches[(piece.pitches > 0).any(axis=1)]
    last = int(heard[-1][heard[-1] > 0].min()) % 12 if len(heard) else None
    keys = [Key(tonic, mode) for mode in _PROFILES for tonic in range(12)]
    return max(keys, key=lambda key: _fit(weights, key) + _ENDING * (key.tonic == last))


def pitch_classes(piece: Piece) -> np.ndarray:
    """How many steps each pitch class sounds, over all tones; float64 (12,)."""
    sounding = piece.pitches[piece.pitches > 0].astype(np.int64)
    return np.bincount(sounding % 12, minlength=12).astype(np.float64)


def spelling(pitch: int, key: Key) -> tuple[str, int, int]:
    """A MIDI pitch as letter, semitones of its accidental (-2 to 2) and octave (C4 is 60).

    Of the names of a pitch it is the one nearest to the key on the circle of fifths: in C major
    from E flat to G sharp, in A minor from B flat to D sharp, so that leading notes are raised.
    """
    lowest = key.sharps - (3 if key.mode == "major" else 2)
    place = lowest + (7 * pitch - lowest) % 12  # in fifths from C
    letter = _LETTERS[(place + 1) % 7]
    alteration = (place + 1) // 7
    return letter, alteration, (pitch - alteration) // 12 - 1


def _fit(weights: np.ndarray, key: Key) -> float:
    """The correlation, or 0 where nothing sounds or all alike."""
    profile = np.roll(_PROFILES[key.mode], key.tonic)
    if weights.std() == 0:
        return 0.0
    return float(np.corrcoef(weights, profile)[0, 1])
