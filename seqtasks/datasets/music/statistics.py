"""What is in a split of music, for people."""

from collections import Counter
from collections.abc import Sequence

from seqtasks.datasets.music.piece import Piece, genres_of, pitch_name


def music_statistics(pieces: Sequence[Piece]) -> str:
    """One line: how many pieces, steps and beats; how many tones sound at once; range; genres.

    Beats are quarter notes. The mean of the tones is over all steps, silent ones included; a
    pitch that two voices have counts twice.
    """
    steps = sum(map(len, pieces))
    beats = sum(len(piece) / piece.steps_per_beat for piece in pieces)
    tones = [(piece.pitches > 0).sum(axis=1) for piece in pieces if len(piece)]
    mean = sum(int(each.sum()) for each in tones) / max(steps, 1)
    most = max((int(each.max()) for each in tones), default=0)
    parts = [f"{len(pieces):,} pieces", f"{steps:,} steps", f"{beats:,.0f} beats"]
    parts.append(f"{mean:.2f} tones at once ({most} at most)")
    heard = [piece.pitches[piece.pitches > 0] for piece in pieces if piece.pitches.any()]
    if heard:
        low, high = min(each.min() for each in heard), max(each.max() for each in heard)
        parts.append(f"{pitch_name(int(low))} to {pitch_name(int(high))}")
    voices = Counter(", ".join(piece.voices) or "none" for piece in pieces)
    if voices.keys() - {"none"}:
        parts.append(f"voices {_counted(voices)}")
    genres = Counter(piece.genre or "none" for piece in pieces)
    if genres.keys() - {"none"}:
        parts.append(f"genres {_counted(genres)}")
    return ", ".join(parts)


def genres_by_number(pieces: Sequence[Piece]) -> list[str]:
    """`--genre` of a model trained on these: a line, or none where there are no genres."""
    names = genres_of(pieces).names
    listed = ", ".join(f"{number} {name}" for number, name in enumerate(names, 1))
    return [f"genres by number: {listed}"] if names else []


def first_notes(piece: Piece) -> str:
    """`a.mid  E4+C4 . E4 G4 …`: the first 16 steps; `-` is a silent one, `.` one of held tones."""
    shown = []
    for row, struck in zip(piece.pitches[:16].tolist(), piece.struck[:16], strict=True):
        names = [pitch_name(pitch) for pitch in row if pitch]
        shown.append("+".join(names) if struck.any() else "." if names else "-")
    more = " …" if len(piece) > 16 else ""
    return " ".join(f"{piece.name}  {' '.join(shown)}{more}".splitlines())


def _counted(counts: Counter[str]) -> str:
    """`(jigs 3, reels 5)`; of many the most frequent 8."""
    kept = sorted(name for name, _ in counts.most_common(8))
    each = [f"{name} {counts[name]:,}" for name in kept] + ["…"] * (len(counts) > 8)
    return f"({', '.join(each)})"
