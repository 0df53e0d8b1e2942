"""Plays a MIDI file with a soundfont, as a program of its own.

    python -P soundfont.py SOUNDFONT MIDI RAW SAMPLE_RATE

RAW receives the samples, one channel, as the machine's own float32. A broken soundfont may crash
the synthesiser, which is native code: then this process dies, and not the one that asked.
"""

import sys
from typing import Any

TAIL = 1.5  # seconds in which the last tones die away
FADE = 0.1  # seconds at its end in which what still sounds is faded out


def main(soundfont: str, midi: str, raw: str, sample_rate: str) -> None:
    """Reads, plays, writes; an instrument that the soundfont has not is played by its first."""
    import symusic

    score: Any = symusic.Score(midi, "second", "midi")
    synthesizer = symusic.Synthesizer(soundfont, int(sample_rate))
    samples = _play(synthesizer, score)
    if not samples.any():
        for track in score.tracks:
            track.program = 0
        samples = _play(synthesizer, score)
    fade = min(round(FADE * int(sample_rate)), len(samples))
    samples[len(samples) - fade :] *= [1 - place / fade for place in range(fade)]
    samples.astype("float32").tofile(raw)


def _play(synthesizer: Any, score: Any) -> Any:
    """The samples of a score in seconds and of what follows its end, float32 (samples,).

    The synthesiser stops dead where the last note ends. So one more is played after it, and its
    own sound taken off again.
    """
    import symusic

    later = score.copy()
    later.tracks = score.tracks[:0]
    track: Any = symusic.Track("", 0, ttype="second")
    track.notes.append(symusic.Note(score.end(), TAIL, 60, 1, "second"))
    later.tracks.append(track)
    both = score.copy()
    both.tracks.append(track)
    more, most = (synthesizer.render(one, False)[0] for one in (later, both))
    samples = min(len(more), len(most))
    return most[:samples] - more[:samples]


if __name__ == "__main__":
    main(*sys.argv[1:])
