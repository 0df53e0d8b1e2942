"""What is said of new pieces."""

from collections.abc import Sequence
from typing import Any

from seqtasks.datasets.music.piece import Piece
from seqtasks.tasks.music.analysis import analyse
from seqtasks.tasks.music.composer import Composer
from seqtasks.tasks.music.copying import Copies
from seqtasks.tasks.music.voice_leading import ranges_of


class Critic:
    """Says what can be said of new pieces, against those that a model was trained on.

    training: as the model's notation writes them.
    """

    def __init__(self, composer: Composer, training: Sequence[Piece]) -> None:
        self._composer = composer
        self._ranges, self._copies = ranges_of(training), Copies(training)

    def of(self, pieces: Sequence[Piece]) -> list[dict[str, Any]]:
        """The figures of each piece by name: `analyse`'s, and how likely the model finds it."""
        found = []
        for piece, reading in zip(pieces, self._composer.read(pieces), strict=True):
            notation = self._composer.notation
            number = notation.number(piece.genre, piece.tonic)
            found.append(
                {
                    "genre": notation.genres[number - 1] if number else "",
                    "steps": len(piece),
                    "beats": len(piece) / piece.steps_per_beat,
                    "nll_per_step": float(reading.nats.mean()) if len(piece) else 0.0,
                    **analyse(piece, self._ranges, self._copies).as_json(),
                }
            )
        return found
