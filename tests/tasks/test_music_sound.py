"""WAV: the right tones at the right time, not too loud, and soundfonts that are broken."""

import sys
import tracemalloc
import wave

import numpy as np
import pytest

from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.music import sound
from seqtasks.tasks.music.sound import LONGEST, PEAK, RELEASE, SAMPLE_RATE, write_wav
from tests.tiny_pieces import HYMN, chords, piece
from tests.tiny_soundfont import soundfont


def read(path):
    """The samples of a file, -1 to 1."""
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        assert file.getframerate() == SAMPLE_RATE
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32_768


def pitch_of(samples):
    """The MIDI pitch of the strongest frequency."""
    loudness = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 8 * len(samples)))
    frequency = loudness.argmax() * SAMPLE_RATE / (8 * len(samples))
    return 69 + 12 * np.log2(frequency / 440)


@pytest.fixture
def font(tmp_path):
    path = tmp_path / "tiny.sf2"
    path.write_bytes(soundfont())
    return path


@pytest.mark.parametrize("played_with", ["tones", "soundfont"])
def test_each_tone_is_heard_at_its_time(tmp_path, font, played_with):
    own = piece("A3\nE4\n- \nC6\n2 B4", voices=("tune",))
    write_wav(tmp_path / "a.wav", own, 120, font if played_with == "soundfont" else None)
    samples = read(tmp_path / "a.wav")
    beat = SAMPLE_RATE // 2
    for beats, pitch in {0: 57, 1: 64, 3: 84, 4: 71}.items():
        part = samples[beats * beat + beat // 8 : beats * beat + beat // 2 - beat // 16]
        assert pitch_of(part) == pytest.approx(pitch, abs=0.3)
    quiet = samples[round((1 + RELEASE) * SAMPLE_RATE) + 100 : 3 * beat - 100]
    assert np.abs(quiet).max() < 0.01
    assert len(samples) > 4.5 * beat + RELEASE * SAMPLE_RATE - 2


@pytest.mark.parametrize("text", ["C4", HYMN, "G5 E5 C5 G4 E4 C4 G3 C3"])
def test_the_loudest_sample_is_at_minus_3_db(tmp_path, text):
    write_wav(tmp_path / "a.wav", chords(text), 100)
    assert np.abs(read(tmp_path / "a.wav")).max() == pytest.approx(PEAK, rel=1e-3)


def test_tones_come_and_go_without_clicks(tmp_path):
    write_wav(tmp_path / "a.wav", chords("A3\n*A3\nC4"), 60)
    samples = read(tmp_path / "a.wav")
    assert abs(samples[0]) < 0.001
    assert abs(samples[-1]) < 0.001
    # six harmonics of middle C cannot change faster than this from sample to sample
    assert np.abs(np.diff(samples)).max() < 2 * np.pi * 262 * 6 / SAMPLE_RATE


def test_the_highest_tone_has_no_other_below_it(tmp_path):
    write_wav(tmp_path / "a.wav", transposed_to(127), 60)
    samples = read(tmp_path / "a.wav")[4_000:40_000]
    loudness = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    assert pitch_of(samples) == pytest.approx(127, abs=0.1)
    below = loudness[: int(len(samples) * 12_000 / SAMPLE_RATE)]
    assert below.max() < loudness.max() / 1_000


def transposed_to(pitch):
    own = chords("4 C4")
    own.pitches[:] = pitch
    return own


def test_blocks_are_not_heard(tmp_path, monkeypatch):
    write_wav(tmp_path / "a.wav", chords(HYMN), 100)
    monkeypatch.setattr(sound, "BLOCK", 1)
    write_wav(tmp_path / "b.wav", chords(HYMN), 100)
    whole, cut = read(tmp_path / "a.wav"), read(tmp_path / "b.wav")
    assert np.abs(whole - cut).max() < 1e-4


def test_a_long_piece_takes_little_memory(tmp_path):
    own = chords("\n".join(["200 C4 G3", "200 D4 A3"] * 2))
    tracemalloc.start()
    write_wav(tmp_path / "a.wav", own, 60)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(read(tmp_path / "a.wav")) > 200 * SAMPLE_RATE
    assert peak < 40e6  # the samples alone are 70 MB as float64


def test_an_instrument_that_is_missing_is_played_by_the_first(tmp_path, font):
    for name, own in {"a": piece("A4"), "b": chords("A4")}.items():  # a choir, a piano
        write_wav(tmp_path / f"{name}.wav", own, 60, font)
    np.testing.assert_array_equal(read(tmp_path / "a.wav"), read(tmp_path / "b.wav"))


SOUND = soundfont()
BROKEN = {
    "empty": b"",
    "text": b"hello\n",
    "head": SOUND[:100],
    "half": SOUND[: len(SOUND) // 2],
    "no tables": SOUND[:4_200] + bytes(len(SOUND) - 4_200),
    "noise": b"RIFF" + np.random.default_rng(0).bytes(5_000),
    "silent": SOUND[:80] + bytes(4_000) + SOUND[4_080:],
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_soundfont_is_one_line(tmp_path, name):
    path = tmp_path / "broken.sf2"
    path.write_bytes(BROKEN[name])
    with pytest.raises(TaskError, match=r"broken.sf2: .*; is it a whole SF2 or SF3 file\?$"):
        write_wav(tmp_path / "a.wav", chords("C4"), 100, path)
    assert not (tmp_path / "a.wav").exists()


def test_a_soundfont_that_is_missing(tmp_path):
    with pytest.raises(TaskError, match=r"none.sf2: no such file; name a soundfont"):
        write_wav(tmp_path / "a.wav", chords("C4"), 100, tmp_path / "none.sf2")
    with pytest.raises(TaskError, match="no such file"):
        write_wav(tmp_path / "a.wav", chords("C4"), 100, tmp_path)


def test_a_soundfont_plays_no_longer_than_it_can(tmp_path, font):
    own = chords(f"{LONGEST + 1} C4", steps_per_beat=1)
    with pytest.raises(TaskError, match=r"60 minutes of music.* at most 60; make it shorter"):
        write_wav(tmp_path / "a.wav", own, 60, font)


@pytest.mark.parametrize("code", ["import os; os.abort()", "import time; time.sleep(60)"])
def test_a_synthesiser_that_crashes_or_hangs(tmp_path, font, monkeypatch, code):
    program = tmp_path / "program.py"
    program.write_text(code)
    monkeypatch.setattr(sound, "PROGRAM", program)
    monkeypatch.setattr(sound, "PATIENCE", 1)
    with pytest.raises(TaskError, match="cannot be played"):
        write_wav(tmp_path / "a.wav", chords("1 C4"), 600, font)


def test_sound_needs_no_soundfont_library(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "symusic", None)
    write_wav(tmp_path / "a.wav", chords("C4"), 100)
    assert len(read(tmp_path / "a.wav"))
