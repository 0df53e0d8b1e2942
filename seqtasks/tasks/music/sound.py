"""A piece as sound: WAV, 16 bits, one channel."""

import subprocess
import sys
import tempfile
import wave
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np

from seqtasks.datasets.music.piece import Note, Piece, notes_of
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.music.midi_file import write_midi
from seqtasks.tasks.whole_files import whole_file

SAMPLE_RATE = 44_100  # a second
PEAK = 10 ** (-3 / 20)  # of the loudest sample: -3 dB of full scale
ATTACK, RELEASE = 0.012, 0.25  # seconds in which a tone comes, and goes after its end
HALF_LIFE = 1.5  # seconds in which a tone that is held gets half as loud
HARMONICS = (1, 0.5, 0.3, 0.15, 0.1, 0.05)  # how strong each is
BLOCK = 10  # seconds that are held in memory at a time
LONGEST = 3600  # seconds that a soundfont plays: its library holds all of them in memory
PATIENCE = 60  # seconds that the soundfont's program may take, and as many more as the piece lasts
TABLE = 1 << 14  # samples of one wave
PROGRAM = Path(__file__).with_name("soundfont.py")

Blocks = Callable[[], Iterator[np.ndarray]]


def write_wav(path: Path, piece: Piece, tempo: float, soundfont: Path | None = None) -> None:
    """Plays a piece: with a soundfont, or else with tones that are sums of six harmonics.

    The loudest sample is at -3 dB, and the last tone is heard to its end. The built-in sound needs
    memory for some seconds, however long the piece is.

    Args:
        path: the file; what it held before is lost only once the new one is whole.
        piece: see `notes_of` for its notes.
        tempo: quarter notes a minute.
        soundfont: an SF2 or SF3 file.

    Raises:
        TaskError: if the file cannot be written; if the soundfont is missing, broken or silent, or
            if the piece is longer than it can play.
    """
    if soundfont is not None:
        _play_soundfont(path, piece, tempo, soundfont)
        return
    _write(path, lambda: _tones(piece, tempo))


def _write(path: Path, blocks: Blocks) -> None:
    """Writes blocks of samples; they are made twice, since the loudest must be known first."""
    loudest = max((float(np.abs(block).max(initial=0)) for block in blocks()), default=0.0)
    scale = PEAK * 32_767 / loudest if loudest else 0.0
    with whole_file(path) as part, wave.open(str(part), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        for block in blocks():
            file.writeframes(np.round(block * scale).astype("<i2").tobytes())


def _tones(piece: Piece, tempo: float) -> Iterator[np.ndarray]:
    """The samples of a piece in blocks, float32."""
    second = 60 / tempo / piece.steps_per_beat  # seconds of a step
    waiting = sorted((note for _, note in notes_of(piece)), reverse=True)
    sounding: list[Note] = []
    samples = round((len(piece) * second + RELEASE) * SAMPLE_RATE)
    for start in range(0, samples, BLOCK * SAMPLE_RATE):
        end = min(start + BLOCK * SAMPLE_RATE, samples)
        while waiting and waiting[-1].start * second * SAMPLE_RATE < end:
            sounding.append(waiting.pop())
        block = np.zeros(end - start, np.float32)
        for note in sounding:
            _add(block, start, note, second)
        sounding = [n for n in sounding if (n.end * second + RELEASE) * SAMPLE_RATE > end]
        yield block


def _add(block: np.ndarray, start: int, note: Note, second: float) -> None:
    """Adds what of a tone falls into a block that begins at sample `start`."""
    struck = round(note.start * second * SAMPLE_RATE)
    length = (note.end - note.start) * second
    samples = round((length + RELEASE) * SAMPLE_RATE)
    first, last = max(struck, start), min(struck + samples, start + len(block))
    if first >= last:
        return
    place = np.arange(first - struck, last - struck)
    time = place / SAMPLE_RATE
    frequency = 440 * 2 ** ((note.pitch - 69) / 12)
    turns = (place * (frequency / SAMPLE_RATE)) % 1
    loudness = 0.5 ** (time / HALF_LIFE)
    loudness *= np.clip(time / ATTACK, 0, 1)
    loudness *= np.clip((length + RELEASE - time) / RELEASE, 0, 1) ** 2
    block[first - start : last - start] += loudness * _wave(note.pitch)[(turns * TABLE).astype(int)]


@cache
def _wave(pitch: int) -> np.ndarray:
    """One wave of a tone, without the harmonics that the sample rate cannot hold."""
    frequency = 440 * 2 ** ((pitch - 69) / 12)
    turns = 2 * np.pi * np.arange(TABLE) / TABLE
    tone = np.zeros(TABLE)
    for number, strength in enumerate(HARMONICS, 1):
        if number * frequency < SAMPLE_RATE / 2:
            tone += strength * np.sin(number * turns)
    return tone


def _play_soundfont(path: Path, piece: Piece, tempo: float, soundfont: Path) -> None:
    if not soundfont.is_file():
        raise TaskError(f"{soundfont}: no such file; name a soundfont, .sf2 or .sf3")
    seconds = len(piece) * 60 / tempo / piece.steps_per_beat
    if seconds > LONGEST:
        raise TaskError(
            f"{path}: {seconds / 60:.0f} minutes of music, and a soundfont plays at most "
            f"{LONGEST // 60}; make it shorter or leave the soundfont out"
        )
    with tempfile.TemporaryDirectory() as folder:
        midi, raw = Path(folder, "piece.mid"), Path(folder, "samples")
        write_midi(midi, piece, tempo)
        # -P: what lies beside the program, or in the working directory, is not imported
        command = [sys.executable, "-P", str(PROGRAM)]
        arguments = [str(soundfont), str(midi), str(raw), str(SAMPLE_RATE)]
        try:
            done = subprocess.run(
                command + arguments, capture_output=True, timeout=PATIENCE + seconds, check=False
            )
            failed = bool(done.returncode)
        except subprocess.TimeoutExpired:
            failed = True
        samples = np.fromfile(raw, np.float32) if raw.exists() and not failed else np.zeros(0)
        if not np.isfinite(samples).all() or not samples.any():
            problem = "it cannot be played" if failed else "no sound came of it"
            raise TaskError(f"{soundfont}: {problem}; is it a whole SF2 or SF3 file?")
        _write(path, lambda: iter([samples]))
