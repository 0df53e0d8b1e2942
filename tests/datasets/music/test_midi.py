import random
import time
import tracemalloc

import pytest

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.music.isolated import parse_all
from seqtasks.datasets.music.midi import MOST_STEPS, read
from seqtasks.datasets.music.piece import Note, notes_of
from tests.datasets.music.midi_bytes import TICKS, melody, metre, midi, note, tempo, track

BAR = 4 * TICKS


@pytest.fixture
def piece(tmp_path):
    def piece(data, steps_per_beat=4):
        path = tmp_path / "a tune.mid"
        path.write_bytes(data)
        return read(path, steps_per_beat)

    return piece


def tones(piece):
    return [note for _, note in notes_of(piece)]


def test_notes_of_all_tracks_stand_on_the_grid(piece):
    found = piece(midi(melody((0, 480, 72), (480, 960, 74)), melody((0, 960, 60))))
    assert tones(found) == [Note(0, 4, 72), Note(0, 8, 60), Note(4, 8, 74)]
    assert found.pitches[:, 0].tolist() == [72] * 4 + [74] * 4
    assert found.pitches[:, 1].tolist() == [60] * 8
    assert found.name == "a tune.mid"
    assert (found.steps_per_beat, found.voices, found.genre, found.tonic) == (4, (), "", None)


def test_type_0_has_its_drums_left_out(piece):
    events = note(0, 480, 60) + note(0, 960, 64, channel=3) + note(0, 9600, 36, channel=9)
    assert set(tones(piece(midi(track(events), kind=0)))) == {Note(0, 4, 60), Note(0, 8, 64)}


@pytest.mark.parametrize("ticks", [24, 96, 480, 1000, 32767])
@pytest.mark.parametrize("steps_per_beat", [1, 3, 4, 24])
def test_ticks_are_of_a_quarter_note_whatever_the_tempo(piece, ticks, steps_per_beat):
    tempi = track([tempo(0, 500_000), tempo(ticks, 2_000_000), tempo(5 * ticks, 100_000)])
    tune = melody(*[(i * ticks, (i + 1) * ticks, 60 + i) for i in range(8)])
    found = piece(midi(tempi, tune, division=ticks), steps_per_beat)
    one = steps_per_beat
    assert tones(found) == [Note(i * one, (i + 1) * one, 60 + i) for i in range(8)]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        # the nearest step of 120 ticks, halfway the later one
        (59, 419, (0, 3)),
        (60, 420, (1, 4)),
        (61, 421, (1, 4)),
        # a note shorter than a step lasts one
        (0, 1, (0, 1)),
        (70, 71, (1, 2)),
        (130, 170, (1, 2)),
    ],
)
def test_rounding(piece, start, end, expected):
    [found] = tones(piece(midi(melody((start, end, 60)))))
    assert (found.start, found.end) == expected


def test_no_note_begins_before_one_that_it_followed_and_none_is_lost(piece):
    chance = random.Random(7)
    starts = sorted(chance.sample(range(BAR * 4), 60))
    notes = [(start, start + chance.randint(1, 700), 30 + i) for i, start in enumerate(starts)]
    found = tones(piece(midi(melody(*notes))))
    by_pitch = sorted(found, key=lambda tone: tone.pitch)
    assert [tone.pitch for tone in by_pitch] == [pitch for *_, pitch in notes]
    assert [tone.start for tone in by_pitch] == sorted(tone.start for tone in by_pitch)
    first = starts[0] // BAR * 16
    for tone, (start, end, _) in zip(by_pitch, notes, strict=True):
        assert abs((tone.start + first) * 120 - start) <= 60
        assert abs((tone.end + first) * 120 - end) <= 60 or tone.end == tone.start + 1


def test_a_note_that_is_struck_again_is_two(piece):
    found = piece(midi(melody((0, 480, 60), (480, 960, 60))))
    assert tones(found) == [Note(0, 4, 60), Note(4, 8, 60)]
    assert found.struck[:, 0].tolist() == [True, False, False, False] * 2


def test_the_same_pitch_in_two_tracks_sounds_once(piece):
    found = piece(midi(melody((0, 960, 60)), melody((480, 960, 60))))
    assert found.pitches.tolist() == [[60]] * 8
    assert tones(found) == [Note(0, 4, 60), Note(4, 8, 60)]


def test_what_makes_no_tone_is_left_out(piece):
    zero = [(0, b"\x90\x3e\x40"), (0, b"\x80\x3e\x00")]
    data = midi(track(note(0, 480, 0) + zero + note(0, 480, 1) + note(0, 480, 127)))
    assert piece(data).pitches.tolist() == [[127, 1]] * 4


def test_silence_within_stays_and_at_the_end_goes(piece):
    events = [*note(0, 480, 60), *note(1440, 1920, 62), (99_999, b"\xc0\x05")]
    found = piece(midi(track(events)))
    assert found.pitches[:, 0].tolist() == [60] * 4 + [0] * 8 + [62] * 4


@pytest.mark.parametrize(
    ("start", "left"), [(0, 0), (480, 4), (BAR - 1, 0), (BAR, 0), (7 * BAR + 240, 2)]
)
def test_whole_bars_of_silence_before_the_first_note_go(piece, start, left):
    found = piece(midi(melody((start, start + 480, 60))))
    assert tones(found)[0].start == left
    assert found.places[left].tolist() == [left, 16]


def test_bars_of_four_quarters_where_the_file_says_nothing(piece):
    found = piece(midi(melody((0, 10 * 480, 60))), steps_per_beat=2)
    assert found.places.tolist() == [[step % 8, 8] for step in range(20)]


@pytest.mark.parametrize(
    ("metres", "bars"),
    [
        ([metre(0, 3, 2)], [12, 12, 12, 12]),
        ([metre(0, 6, 3)], [12, 12, 12, 12]),
        ([metre(0, 7, 3)], [14, 14, 14, 14]),
        # one after another, the first not at the beginning: 4/4 till then
        ([metre(BAR, 3, 2), metre(BAR + 3 * TICKS, 2, 1)], [16, 12, 16, 16]),
        # a signature begins a bar: the one before it is cut short
        ([metre(0, 4, 2), metre(TICKS, 4, 2)], [4, 16, 16, 16]),
        # the last of two at the same tick holds
        ([metre(0, 4, 2), metre(0, 3, 2)], [12, 12, 12, 12]),
        # one that makes no bar is passed over
        ([metre(0, 0, 2)], [16, 16, 16]),
        ([metre(0, 5, 40)], [16, 16, 16]),
        # bars of a step and a half: lines are rounded to the grid, half a step up
        ([metre(0, 3, 5)], [2, 1, 2, 1, 2, 1]),
    ],
)
def test_bars_follow_the_time_signatures(piece, metres, bars):
    steps = sum(bars)
    found = piece(midi(track(metres), melody((0, steps * 120, 60))))
    expected = [[place, bar] for bar in bars for place in range(bar)]
    assert found.places.tolist() == expected


def test_two_hundred_notes_at_once(piece):
    events = [
        event
        for number in range(200)
        for event in note(0, 480, 1 + number % 127, channel=number // 127)
    ]
    found = piece(midi(track(events)))
    assert found.pitches.tolist() == [list(range(127, 0, -1))] * 4
    assert found.struck.sum() == 127


def test_the_longest_piece_with_every_key_held(piece):
    end = MOST_STEPS * 120
    data = midi(melody(*[(0, end, pitch) for pitch in range(1, 128)]))
    tracemalloc.start()
    begun = time.process_time()
    found = piece(data)
    seconds, peak = time.process_time() - begun, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.pitches.shape == (MOST_STEPS, 127)
    assert seconds < 30
    assert peak < 3 << 30


def late(start):
    return midi(melody((0, 480, 60), (start, start + 480, 62)))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"Dear reader, this is no music.\n", "expected a MIDI file, which begins with b'MThd'"),
        (b"", "expected a MIDI file, got an empty one"),
        (midi(melody((0, 480, 60)))[:9], "a MIDI file cut off after 9 bytes"),
        (midi(melody((0, 480, 60)))[:-5], "a MIDI file cut off after 30 bytes"),
        (midi(melody((0, 480, 60)))[:16], "a damaged MIDI file ("),
        (midi(), "expected notes with a pitch, got none"),
        (midi(track([])), "expected notes with a pitch, got none"),
        (midi(melody((0, 480, 36), channel=9)), "expected notes with a pitch, got only drums"),
        (midi(melody((0, 480, 60)), kind=2), "expected MIDI of type 0 or 1, got type 2"),
        (midi(melody((0, 480, 60)), division=0xE728), "got time in seconds (SMPTE)"),
        (midi(melody((0, 480, 60)), division=0), "expected ticks of a quarter note, got none"),
        (late(120 * (MOST_STEPS - 3)), "200,000 steps at most, got a piece of 200,001 steps"),
        (late((1 << 28) - 1), "200,000 steps at most, got a piece of 2,236,966 steps"),
        (
            midi(track([(i << 27, b"\x90\x3c" + bytes([64 * (i % 2)])) for i in range(20)])),
            "got a piece longer than can be counted",
        ),
        (midi(melody((0, 480, 60))) + bytes(16 << 20), "expected 16 MiB of MIDI at most, got more"),
    ],
)
def test_problems_are_one_line(piece, tmp_path, data, problem):
    tracemalloc.start()
    begun = time.process_time()
    with pytest.raises(DataError) as error:
        piece(data)
    seconds, peak = time.process_time() - begun, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    told = str(error.value)
    assert told.startswith(f"{tmp_path / 'a tune.mid'}: ")
    assert problem in told
    assert "; " in told
    assert "\n" not in told
    assert seconds < 2
    assert peak < 64 << 20


def test_a_missing_file_and_a_directory(tmp_path):
    for path, problem in {tmp_path / "nix.mid": "no such file", tmp_path: "is a directory"}.items():
        with pytest.raises(DataError, match=problem):
            read(path, 4)


def test_any_bytes_give_a_piece_or_one_line(tmp_path):
    chance = random.Random(11)
    sound = midi(track([metre(0, 3, 2), tempo(0, 500_000)]), melody((0, 480, 60), (480, 960, 64)))
    paths = [tmp_path / f"{number}.mid" for number in range(300)]
    for path in paths:
        data = bytearray(sound)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data)
    results = list(parse_all(paths, "seqtasks.datasets.music.midi", 4))
    assert len(results) == len(paths)
    refused = [result for result in results if isinstance(result, DataError)]
    assert 0 < len(refused) < len(paths)
    assert not any("\n" in str(error) or "cannot be read" in str(error) for error in refused)
    for result in results:
        if not isinstance(result, DataError):
            [found] = result
            assert len(found) == len(found.places)
            assert found.pitches.any()
