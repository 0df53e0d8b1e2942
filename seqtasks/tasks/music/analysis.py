"""What can be said of one piece that was made."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from seqtasks.datasets.music.piece import Piece
from seqtasks.tasks.music.cadence import cadence
from seqtasks.tasks.music.copying import Copies, repetition
from seqtasks.tasks.music.voice_leading import Range, crossing, out_of_range, parallels


@dataclass(frozen=True)
class Analysis:
    """Figures of a piece. The functions that they come from define them.

    Attributes:
        crossing: `voice_leading.crossing`.
        out_of_range: `voice_leading.out_of_range`.
        parallel_fifths: `voice_leading.parallels`; None, as `crossing`, without voices.
        parallel_octaves: the same.
        parallel_chances: the same.
        parallels_per_100: the same, of both kinds.
        repetition: `copying.repetition`.
        copied_beats: quarter notes of the longest run that a piece of training has too.
        copied_from: the name of that piece.
        ends_on_tonic: `cadence.Cadence.tonic_triad`.
        ends_after_dominant: `cadence.Cadence.after_dominant`.
    """

    crossing: float | None
    out_of_range: float
    parallel_fifths: int | None
    parallel_octaves: int | None
    parallel_chances: int | None
    parallels_per_100: float | None
    repetition: float
    copied_beats: float
    copied_from: str
    ends_on_tonic: bool
    ends_after_dominant: bool

    def as_json(self) -> dict[str, Any]:
        """The figures by their names, for a JSON file."""
        return asdict(self)


def analyse(piece: Piece, ranges: Sequence[Range], copies: Copies) -> Analysis:
    """The figures of a piece against the pieces of training.

    Args:
        piece: with voices or without.
        ranges: `voice_leading.ranges_of` those of training.
        copies: of those of training; with or without ties, as the piece.
    """
    found = parallels(piece)
    copy = copies.longest(piece)
    ending = cadence(piece)
    return Analysis(
        crossing=crossing(piece),
        out_of_range=out_of_range(piece, ranges),
        parallel_fifths=None if found is None else found.fifths,
        parallel_octaves=None if found is None else found.octaves,
        parallel_chances=None if found is None else found.chances,
        parallels_per_100=None if found is None else found.per_100,
        repetition=repetition(piece),
        copied_beats=copy.beats,
        copied_from=copy.source,
        ends_on_tonic=ending.tonic_triad,
        ends_after_dominant=ending.after_dominant,
    )
