"""Texts from the command line, a file or standard input, as they come."""

import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import click

from seqtasks.datasets.errors import DataError

GROUP = 1024  # lines that are worked on together, at most
GROUP_BYTES = 2**22  # and so many bytes, about; a line that is longer is refused by every command
MOST_BYTES = 2**20  # of a line that is read as a whole; a longer one is refused
AHEAD = 4  # groups that are read ahead, at most


def text_groups(
    texts: tuple[str, ...],
    file: Path | None,
    longest: int = GROUP_BYTES,
    mend: str = "break it up",
) -> Iterator[list[str]]:
    """Groups of texts: the arguments, or the lines of a file or of standard input (`-`).

    A group is what is there when one is asked for, so that a slow writer gets its answers at once.
    longest: bytes that a line may have. mend: what to do about a longer one.
    Raises UsageError if nothing, or more than one of these, is given; DataError for a file that
    cannot be read or is no UTF-8, and for a line that is too long.
    """
    if file is not None and texts:
        raise click.UsageError("give TEXT or --input, not both")
    if file is None and not texts:
        raise click.UsageError("give TEXT arguments, --input FILE, or - for standard input")
    if texts and texts != ("-",):
        for text in texts:
            if any("\ud800" <= character <= "\udfff" for character in text):
                raise click.UsageError(f"expected UTF-8 as TEXT, got {text!r}")
        yield list(texts)
    elif file is None or str(file) == "-":
        if sys.stdin is None:  # so Python starts where the shell has closed it
            raise click.UsageError("standard input is closed: give TEXT or --input FILE")
        yield from _groups(nullcontext(sys.stdin.buffer), "standard input", longest, mend)
    else:
        try:
            stream = file.open("rb")
        except OSError as error:
            problem = str(error.strerror).lower()
            raise DataError(file, problem, "check the path given with --input") from None
        yield from _groups(stream, str(file), longest, mend)


def begun(groups: Iterable[list[str]]) -> Iterator[list[str]]:
    """The same groups, the first one read: before TensorFlow starts, what is wrong with it is said.

    Raises what `groups` raises.
    """
    rest = iter(groups)
    return chain([next(rest, [])], rest)


class _ReadAhead:
    """What one thread has read and another not yet taken: some lines and bytes, or one line."""

    def __init__(self) -> None:
        self._items: deque[bytes | OSError | None] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self.left = False  # by who takes

    def put(self, item: bytes | OSError | None) -> None:
        """Add a line, an error or the end (None), as soon as there is room."""
        size = len(item) if isinstance(item, bytes) else 0
        with self._changed:
            self._changed.wait_for(lambda: self._has_room(size))
            self._items.append(item)
            self._bytes += size
            self._changed.notify()

    def get(self) -> bytes | OSError | None:
        """Take what was added first, as soon as there is something."""
        with self._changed:
            self._changed.wait_for(lambda: self._items)
            item = self._items.popleft()
            self._bytes -= len(item) if isinstance(item, bytes) else 0
            self._changed.notify()
            return item

    def leave(self) -> None:
        """Take no more; who adds need not wait for room any longer."""
        with self._changed:
            self.left = True
            self._changed.notify()

    def empty(self) -> bool:
        """Whether there is nothing to take."""
        return not self._items

    def _has_room(self, size: int) -> bool:
        if not self._items or self.left:
            return True
        return len(self._items) < AHEAD * GROUP and self._bytes + size <= AHEAD * GROUP_BYTES


def _groups(
    stream: AbstractContextManager[BinaryIO], name: str, longest: int, mend: str
) -> Iterator[list[str]]:
    """The lines of a stream, without their ends; a thread reads ahead, and closes it."""
    lines = _ReadAhead()

    def read() -> None:
        try:
            with stream as file:
                # of a line that is too long no more is read than shows it
                while not lines.left and (line := file.readline(longest + 2)):
                    lines.put(line)
        except OSError as error:  # a directory, or a disk that fails
            lines.put(error)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    try:
        yield from _grouped(lines, name, longest, mend)
    finally:
        lines.leave()


def _grouped(lines: _ReadAhead, name: str, longest: int, mend: str) -> Iterator[list[str]]:
    number = 0
    more = True
    while more:
        group: list[str] = []
        size = 0
        item = lines.get()
        while True:
            if item is None:
                more = False
                break
            if isinstance(item, OSError):
                raise DataError(name, str(item.strerror).lower(), "name a text file")
            number += 1
            cut_off = len(item) == longest + 2 and not item.endswith(b"\n")
            if cut_off or len(item.rstrip(b"\r\n")) > longest:
                if group:
                    yield group
                raise DataError(
                    name,
                    f"a line of more than {longest:,} bytes",
                    mend,
                    line=number,
                )
            try:
                text = item.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                if group:
                    yield group
                raise DataError(
                    name,
                    f"expected UTF-8, got byte 0x{item[error.start]:02x}",
                    "convert it first, as with: iconv -f latin1 -t utf-8",
                    line=number,
                ) from None
            group.append(text.rstrip("\r\n"))
            size += len(item)
            if len(group) == GROUP or size > GROUP_BYTES or lines.empty():
                break
            item = lines.get()
        if group:
            yield group
