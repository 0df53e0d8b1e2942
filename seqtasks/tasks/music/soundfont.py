"""Plays a MIDI file with a soundfont, as a program of its own.

    python -m seqtasks.tasks.music.soundfont SOUNDFONT MIDI RAW SAMPLE_RATE

RAW receives the samples, one channel, as the machine's own float32. A broken soundfont may crash
the synthesiser, which is native code: then this process dies, and not the one that asked.
"""

import sys


def main(soundfont: str, midi: str, raw: str, sample_rate: str) -> None:
    """Reads, plays, writes."""
    import symusic

    score = symusic.Score(midi, fmt="midi")
    synthesizer = symusic.Synthesizer(soundfont, int(sample_rate))
    synthesizer.render(score, stereo=False).astype("float32").tofile(raw)


if __name__ == "__main__":
    main(*sys.argv[1:])
