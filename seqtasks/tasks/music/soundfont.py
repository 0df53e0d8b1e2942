"""Plays a MIDI file with a soundfont, as a program of its own.

    python -P soundfont.py SOUNDFONT MIDI RAW SAMPLE_RATE

RAW receives the samples, one channel, as the machine's own float32. A broken soundfont may crash
the synthesiser, which is native code: then this process dies, and not the one that asked.
"""

import sys


def main(soundfont: str, midi: str, raw: str, sample_rate: str) -> None:
    """Reads, plays, writes; an instrument that the soundfont has not is played by its first."""
    import symusic

    score = symusic.Score(midi, fmt="midi")
    synthesizer = symusic.Synthesizer(soundfont, int(sample_rate))
    samples = synthesizer.render(score, False)
    if not samples.any():
        for track in score.tracks:
            track.program = 0
        samples = synthesizer.render(score, False)
    samples.astype("float32").tofile(raw)


if __name__ == "__main__":
    main(*sys.argv[1:])
