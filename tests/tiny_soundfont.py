"""A soundfont of one sine wave, after the SoundFont 2.01 specification."""

import struct

import numpy as np

WAVES, LENGTH = 20, 100  # waves in the sample, and samples of one: 441 Hz


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _list(kind: bytes, chunks: dict[bytes, bytes]) -> bytes:
    return _chunk(b"LIST", kind + b"".join(_chunk(*item) for item in chunks.items()))


def soundfont() -> bytes:
    """A file with one preset, programme 0 of bank 0: a sine wave without an end, for every key."""
    turns = 2 * np.pi * np.arange(WAVES * LENGTH) / LENGTH
    wave = (20_000 * np.sin(turns)).astype("<i2").tobytes() + bytes(2 * 46)
    end = WAVES * LENGTH
    sample = struct.pack("<20s5IBbHH", b"sine", 0, end, 0, end, 44_100, 69, -4, 0, 1)
    tables = {
        b"phdr": struct.pack("<20s3H3I", b"sine", 0, 0, 0, 0, 0, 0)
        + struct.pack("<20s3H3I", b"EOP", 0, 0, 1, 0, 0, 0),
        b"pbag": struct.pack("<4H", 0, 0, 1, 0),
        b"pmod": bytes(10),
        b"pgen": struct.pack("<4H", 41, 0, 0, 0),  # the preset's instrument is number 0
        b"inst": struct.pack("<20sH20sH", b"sine", 0, b"EOI", 1),
        b"ibag": struct.pack("<4H", 0, 0, 2, 0),
        b"imod": bytes(10),
        # its sample goes round in a loop and is number 0
        b"igen": struct.pack("<6H", 54, 1, 53, 0, 0, 0),
        b"shdr": sample + struct.pack("<20s26x", b"EOS"),
    }
    info = {b"ifil": struct.pack("<2H", 2, 1), b"isng": b"EMU8000\0", b"INAM": b"tiny\0\0"}
    parts = _list(b"INFO", info) + _list(b"sdta", {b"smpl": wave}) + _list(b"pdta", tables)
    return _chunk(b"RIFF", b"sfbk" + parts)
