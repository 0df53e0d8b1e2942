"""MIDI files made byte by byte, so that their readers are not tested against a writer of theirs."""

import struct
from collections.abc import Iterable
from pathlib import Path

TICKS = 480  # of a quarter note, unless said otherwise


def midi(*tracks: bytes, kind: int = 1, division: int = TICKS) -> bytes:
    """A file of tracks."""
    return b"MThd" + struct.pack(">IHHH", 6, kind, len(tracks), division) + b"".join(tracks)


def track(events: Iterable[tuple[int, bytes]]) -> bytes:
    """A track of events, each with its tick."""
    body, now = b"", 0
    for tick, event in sorted(events, key=lambda item: item[0]):
        body += quantity(tick - now) + event
        now = tick
    body += b"\0\xff\x2f\0"
    return b"MTrk" + struct.pack(">I", len(body)) + body


def note(start: int, end: int, pitch: int, channel: int = 0) -> list[tuple[int, bytes]]:
    """A note between two ticks."""
    return [(start, bytes([0x90 | channel, pitch, 64])), (end, bytes([0x80 | channel, pitch, 0]))]


def melody(*notes: tuple[int, int, int], channel: int = 0) -> bytes:
    """A track of notes: (start, end, pitch) each; one ends before another begins at that tick."""
    events = [event for one in notes for event in note(*one, channel)]
    return track(sorted(events, key=lambda item: (item[0], item[1][0])))


def metre(tick: int, numerator: int, power: int) -> tuple[int, bytes]:
    """A time signature; its denominator is 2 to the `power`."""
    return tick, bytes([0xFF, 0x58, 4, numerator, power, 24, 8])


def tempo(tick: int, microseconds: int) -> tuple[int, bytes]:
    """Microseconds of a quarter note."""
    return tick, b"\xff\x51\x03" + microseconds.to_bytes(3)


def quantity(value: int) -> bytes:
    """A number of variable length: seven bits a byte."""
    parts = [value & 127]
    while value := value >> 7:
        parts.append(128 | value & 127)
    return bytes(reversed(parts))


def write_tune(path: Path, pitches: Iterable[int], ticks: int = TICKS) -> Path:
    """A MIDI file of one line, a tone after the other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tones = [(i * ticks, (i + 1) * ticks, pitch) for i, pitch in enumerate(pitches)]
    path.write_bytes(midi(melody(*tones)))
    return path
