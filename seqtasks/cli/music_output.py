"""How `seqtasks music` prints figures, writes new pieces, and says what they are like."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqtasks.datasets.printable import printable
from seqtasks.tasks.errors import TaskError

if TYPE_CHECKING:
    from seqtasks.datasets.music.piece import Piece

SUFFIXES = (".mid", ".musicxml", ".png", ".wav")  # of what can be written


def table(scores: dict[str, Any]) -> str:
    """Figures for people."""
    rows = [
        ("nats a time step", f"{scores['nll_per_step']:.4f}"),
        ("nats a note", f"{scores['nll_per_note']:.4f}"),
        ("nats a piece for its end", f"{scores['nll_per_ending']:.3f}"),
        ("frame accuracy", f"{100 * scores['frame_accuracy']:.1f}%"),
        ("time steps", f"{scores['steps']:,}"),
        ("notes", f"{scores['notes']:,}"),
        ("pieces", f"{scores['pieces']:,}"),
    ]
    wide = max(len(name) for name, _ in rows)
    lines = [f"{name:{wide}}  {value:>9}" for name, value in rows]
    if "generated" in scores:
        lines += [
            "",
            f"{scores['generated']['pieces']:,} new pieces against these, share that differs",
        ]
        for name, apart in scores["generated"]["distances"].items():
            shown = "-" if apart is None else f"{100 * apart:.1f}%"
            lines.append(f"{name.replace('_', ' '):{wide}}  {shown:>9}")
    return "\n".join(lines)


def check_place(directory: Path, option: str) -> None:
    """Raises TaskError where a directory is none, or cannot be written in or made."""
    there = directory
    while not os.path.lexists(there) and there != there.parent:
        there = there.parent
    if not there.is_dir():
        raise TaskError(f"{there}: not a directory; choose another with {option}")
    if not os.access(there, os.W_OK | os.X_OK):
        raise TaskError(f"{there}: cannot be written in; choose another with {option}")


@dataclass(frozen=True)
class Files:
    """Where and how new pieces are written: MIDI always, the others as wanted."""

    out: Path
    tempo: float
    musicxml: bool
    roll: bool
    wav: bool
    soundfont: Path | None

    def check(self) -> None:
        """Raises TaskError, before anything is drawn, for what is bound to fail; makes nothing."""
        check_place(self.out, "--out")
        if self.soundfont and not self.soundfont.is_file():
            raise TaskError(f"{self.soundfont}: no such file; check the path given as --soundfont")
        if self.soundfont:
            with self.soundfont.open("rb") as file:
                head = file.read(12)
            if head[:4] != b"RIFF" or head[8:] != b"sfbk":
                raise TaskError(f"{self.soundfont}: not a soundfont; name an SF2 or SF3 file")

    def write(self, piece: "Piece", name: str) -> list[Path]:
        """The files of a piece, the MIDI file first; what is there already is left alone."""
        from seqtasks.tasks.music.midi_file import write_midi
        from seqtasks.tasks.music.musicxml import write_musicxml
        from seqtasks.tasks.music.roll import draw_roll
        from seqtasks.tasks.music.sound import write_wav

        first, number = name, 1
        while any((self.out / f"{name}{suffix}").exists() for suffix in SUFFIXES):
            number += 1
            name = f"{first}-{number}"
        written = [self.out / f"{name}.mid"]
        write_midi(written[0], piece, self.tempo)
        if self.musicxml:
            written.append(self.out / f"{name}.musicxml")
            write_musicxml(written[-1], piece, self.tempo)
        if self.roll:
            written.append(self.out / f"{name}.png")
            draw_roll(written[-1], piece)
        if self.wav or self.soundfont:
            written.append(self.out / f"{name}.wav")
            write_wav(written[-1], piece, self.tempo, self.soundfont)
        return written


def line(said: dict[str, Any]) -> str:
    """What is said of a new piece, for people: two lines."""
    ending = (
        "ends on the tonic after a dominant"
        if said["ends_on_tonic"] and said["ends_after_dominant"]
        else "ends on the tonic"
        if said["ends_on_tonic"]
        else "does not end on the tonic"
    )
    copied = f"longest copy {said['copied_beats']:g} beats"
    if said["copied_from"]:
        copied += f" ({said['copied_from']})"
    parts = [f"{said['beats']:g} beats", f"{said['nll_per_step']:.2f} nats a step", copied]
    if said["genre"]:
        parts.insert(0, said["genre"])
    more = [f"{100 * said['repetition']:.0f}% of bars repeated", ending]
    if said["parallels_per_100"] is not None:
        more.append(f"parallels {said['parallel_fifths'] + said['parallel_octaves']}")
        more.append(f"voices cross in {100 * said['crossing']:.0f}%")
    if said["out_of_range"]:
        more.append(f"{100 * said['out_of_range']:.0f}% out of range")
    return printable(f"  {', '.join(parts)}\n  {', '.join(more)}")
