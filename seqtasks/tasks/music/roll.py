"""A piece as a piano roll: pitch over time."""

from pathlib import Path
from typing import Any

from seqtasks.datasets.music.piece import Note, Piece, notes_of
from seqtasks.tasks.music.bars import Bar, bars_of
from seqtasks.tasks.whole_files import whole_file

# blue, vermilion, green, purple, orange, sky blue: of the palette of Okabe and Ito, which
# colour-blind people can tell apart as well
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
WIDTH, DPI = 10, 120  # inches of the picture, and pixels of an inch
BEATS_OF_ROW = 64  # at most, unless one bar has more
MOST_ROWS = 40


def draw_roll(path: Path, piece: Piece) -> None:
    """Draws a tone as a box as long as it is held, with a dark edge where it is struck; a PNG.

    Lines mark the bars, fainter ones the beats, and one the C of each octave. Each voice has its
    colour. A long piece goes on in further rows; of a very long one the first `MOST_ROWS` rows are
    drawn, and the title says so. The picture is 1200 pixels wide.

    Raises:
        TaskError: if it cannot be written.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    bars = bars_of(piece)
    pickup = bool(bars and bars[0].before)  # is bar 0
    numbers = dict(enumerate(bars, 0 if pickup else 1))
    rows = _rows(numbers, BEATS_OF_ROW * piece.steps_per_beat)
    left_out = len(rows) - MOST_ROWS
    rows = rows[:MOST_ROWS]
    span = max(_end(row) - _start(row) for row in rows)
    pitches = piece.pitches[piece.pitches > 0]
    low, high = (int(pitches.min()), int(pitches.max())) if pitches.size else (60, 72)
    height = 0.8 + len(rows) * (0.4 + 0.07 * (high - low + 3))
    figure, axes = pyplot.subplots(
        len(rows), figsize=(WIDTH, height), layout="constrained", squeeze=False
    )
    notes = notes_of(piece)
    for axis, row in zip(axes[:, 0], rows, strict=True):
        axis.set(xlim=(_start(row), _start(row) + span), ylim=(low - 1.5, high + 1.5))
        _draw_grid(axis, row, piece.steps_per_beat, range(12 * -(-(low - 1) // 12), high + 2, 12))
        _draw_notes(axis, notes, row, bool(piece.voices))
    axes[-1, 0].set_xlabel("bar")
    title = f"{piece.name} (without its last {left_out} rows)" if left_out > 0 else piece.name
    axes[0, 0].set_title(title, loc="left", fontsize=11, parse_math=False)
    if piece.voices:
        boxes = [pyplot.Rectangle((0, 0), 1, 1, color=_colour(n)) for n in range(len(piece.voices))]
        place = {"loc": "lower right", "bbox_to_anchor": (1, 1), "borderaxespad": 0.2}
        axes[0, 0].legend(boxes, piece.voices, ncols=len(boxes), frameon=False, **place)
    with whole_file(path) as part:
        figure.savefig(part, dpi=DPI, format="png")
    pyplot.close(figure)


Row = dict[int, Bar]  # the bars of a row by their numbers


def _rows(bars: Row, most: int) -> list[Row]:
    """The bars in rows of at most so many steps, where no single bar has more."""
    rows: list[Row] = []
    for number, bar in bars.items():
        if not rows or bar.end - _start(rows[-1]) > most:
            rows.append({})
        rows[-1][number] = bar
    return rows or [{1: Bar(0, 1, 0, 1)}]


def _start(row: Row) -> int:
    return min(bar.start for bar in row.values())


def _end(row: Row) -> int:
    return max(bar.end for bar in row.values())


def _colour(voice: int) -> str:
    return COLOURS[voice % len(COLOURS)]


def _draw_grid(axis: Any, row: Row, steps_per_beat: int, octaves: range) -> None:
    """Lines where bars, beats and octaves begin, below everything else."""
    behind: dict[str, Any] = {"zorder": 0}
    for bar in row.values():
        first = bar.start - bar.before
        for beat in range(first, bar.end, steps_per_beat):
            if beat > bar.start:
                axis.axvline(beat, color="0.9", linewidth=0.6, **behind)
        axis.axvline(bar.start, color="0.55", linewidth=0.9, **behind)
    axis.axvline(_end(row), color="0.55", linewidth=0.9, **behind)
    for pitch in octaves:
        axis.axhline(pitch, color="0.8", linewidth=0.6, **behind)
    every = -(-len(row) // 16)
    ticks = {bar.start: number for number, bar in row.items() if number % every == 1 % every}
    axis.set_xticks(list(ticks), [str(number) for number in ticks.values()])
    axis.set_yticks(list(octaves), [f"C{pitch // 12 - 1}" for pitch in octaves])
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)


def _draw_notes(axis: Any, notes: list[tuple[int, Note]], row: Row, voices: bool) -> None:
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    begin, behind = _start(row), _end(row)
    boxes: dict[int, list[Any]] = {}
    edges: dict[int, list[Note]] = {}
    for column, note in notes:
        if note.start < behind and note.end > begin:
            left, right = max(note.start, begin), min(note.end, behind)
            voice = column if voices else 0
            boxes.setdefault(voice, []).append(
                Rectangle((left, note.pitch - 0.43), right - left, 0.86)
            )
            if note.start >= begin:
                edges.setdefault(voice, []).append(note)
    for voice, patches in boxes.items():
        axis.add_collection(PatchCollection(patches, color=_colour(voice), alpha=0.55, linewidth=0))
        struck = edges.get(voice, [])
        axis.vlines(
            [note.start for note in struck],
            [note.pitch - 0.43 for note in struck],
            [note.pitch + 0.43 for note in struck],
            color=_colour(voice),
            linewidth=2.2,
        )
