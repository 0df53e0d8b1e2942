"""A set of generated pieces against the data: four distributions, and how far they are apart."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from seqtasks.datasets.music.piece import Note, Piece, notes_of
from seqtasks.tasks.music.keys import key_of, pitch_classes
from seqtasks.tasks.whole_files import whole_file

Distribution = dict[float, float]  # value -> its share; the shares sum to 1

WIDEST = 12  # semitones; larger intervals count as this, with their sign
LONGEST = 8.0  # quarter notes; longer tones count as this
SHOWN = 0.005  # the share that a value needs in one of two sets to be in their picture
TITLES = {
    "pitch_classes": "semitones above the tonic",
    "intervals": "semitones from tone to tone",
    "lengths": "length in beats",
    "polyphony": "pitches at a time",
}


def distributions(pieces: Sequence[Piece]) -> dict[str, Distribution]:
    """What pieces are like, by the names of `TITLES`; each is empty where nothing sounds.

    - pitch_classes: how long each sounds, counted from the tonic that is known or `find_key`'s.
    - intervals: from each tone of a voice to the next one, if no rest parts them; of pieces without
      voices from highest to highest sounding tone.
    - lengths: of all tones, in quarter notes.
    - polyphony: different pitches that sound in a step, over all steps.
    """
    classes = np.zeros(12)
    intervals: Counter[float] = Counter()
    lengths: Counter[float] = Counter()
    polyphony: Counter[float] = Counter()
    for piece in pieces:
        classes += np.roll(pitch_classes(piece), -key_of(piece).tonic)
        notes = notes_of(piece)
        lengths.update(
            min((note.end - note.start) / piece.steps_per_beat, LONGEST) for _, note in notes
        )
        for line in _lines(piece):
            intervals.update(
                max(-WIDEST, min(WIDEST, after.pitch - before.pitch))
                for before, after in pairwise(line)
                if before.end == after.start
            )
        polyphony.update(len(set(row) - {0}) for row in piece.pitches.tolist())
    counted = dict(enumerate(classes.tolist()))
    return {
        "pitch_classes": _shares(Counter({value: n for value, n in counted.items() if n})),
        "intervals": _shares(intervals),
        "lengths": _shares(lengths),
        "polyphony": _shares(polyphony),
    }


def distances(
    one: dict[str, Distribution], other: dict[str, Distribution]
) -> dict[str, float | None]:
    """How far each distribution of one set is from that of the other: the total variation.

    That is half the sum of the differences of their shares: 0 if they are the same, 1 if they have
    no value in common. It is the share of tones that would have to be others, which can be said in
    words; a divergence in bits cannot. None where one is empty.
    """
    return {
        name: _total_variation(one[name], other[name]) if one[name] and other[name] else None
        for name in TITLES
    }


def draw_comparison(
    path: Path, generated: dict[str, Distribution], data: dict[str, Distribution]
) -> None:
    """Draws the four distributions of both sets side by side, without rare values; a PNG.

    Raises:
        TaskError: if it cannot be written.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 2, figsize=(9, 6), layout="constrained")
    apart = distances(generated, data)
    sets = {"data": ("tab:gray", data), "generated": ("tab:green", generated)}
    for axis, (name, title) in zip(axes.flat, TITLES.items(), strict=True):
        values = sorted(
            {value for found in (data, generated) for value, n in found[name].items() if n >= SHOWN}
        )
        places = np.arange(len(values))
        for shift, (label, (colour, found)) in zip((-0.2, 0.2), sets.items(), strict=True):
            heights = [found[name].get(value, 0.0) for value in values]
            axis.bar(places + shift, heights, 0.4, color=colour, label=label)
        every = -(-len(values) // 13)
        axis.set_xticks(places[::every], [f"{value:.3g}" for value in values[::every]])
        far = "" if apart[name] is None else f": {apart[name]:.2f} apart"
        axis.set_title(name.replace("_", " ") + far)
        axis.set(xlabel=title, ylabel="share")
        axis.spines[["top", "right"]].set_visible(False)
    axes[0, 0].legend(frameon=False)
    with whole_file(path) as part:
        figure.savefig(part, dpi=120, format="png")
    pyplot.close(figure)


def _shares(counts: Counter[float]) -> Distribution:
    total = sum(counts.values())
    return {value: n / total for value, n in sorted(counts.items())}


def _total_variation(one: Distribution, other: Distribution) -> float:
    return sum(abs(one.get(v, 0.0) - other.get(v, 0.0)) for v in set(one) | set(other)) / 2


def _lines(piece: Piece) -> Iterable[list[Note]]:
    """The tones of each voice in order; without voices, of the highest sounding tones."""
    if not piece.voices:
        top = Piece("", piece.pitches[:, :1], piece.struck[:, :1], piece.steps_per_beat, ("top",))
        return [[note for _, note in notes_of(top)]]
    notes = notes_of(piece)
    return [
        [note for column, note in notes if column == voice] for voice in range(len(piece.voices))
    ]
