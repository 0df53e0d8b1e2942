"""Readers of music run apart from the main process: they may crash, hang or want all memory.

Native code and large parsers read files of strangers here. What they break is their own process;
of the file there is an error, and the next one is read by a fresh process.

A reader is a module with a function `read(path: Path, steps_per_beat: int)` that returns a piece,
and raises DataError; or a list of them, with errors in it, where a file holds several pieces.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.music.piece import Piece
from seqtasks.datasets.music.piece_bytes import unpack
from seqtasks.datasets.music.reader_process import OTHER_FILE

SECONDS = 60.0  # that one file may take
MEMORY = 3 << 30  # bytes of address space of a process
PROCESSES = 2  # at most, unless the caller says otherwise
AHEAD = 8  # files a process that are read or waiting while the first of them is not yet taken

Result = list[Piece] | DataError


def parse_all(
    paths: Iterable[Path],
    reader: str,
    steps_per_beat: int,
    processes: int | None = None,
    seconds: float = SECONDS,
    left_out: list[DataError] | None = None,
) -> Generator[Result, None, None]:
    """Yields for each file its pieces, or why there are none, in the order of `paths`.

    The processes end with the iterator: when it is exhausted, closed, or left by an exception.

    Args:
        paths: taken one by one, a few ahead of what was yielded.
        reader: the reader's module, such as `seqtasks.datasets.music.midi`.
        steps_per_beat: for the reader.
        processes: how many at once; None is the number of cores, 2 at most.
        seconds: that one file may take.
        left_out: receives the errors of those pieces that a file holds beside others.

    Raises:
        DataError: where the reader cannot be imported.
    """
    count = processes or min(os.cpu_count() or 1, PROCESSES)
    workers = [_Worker(reader, steps_per_beat, seconds) for _ in range(count)]
    idle: queue.LifoQueue[_Worker] = queue.LifoQueue()
    for worker in workers:
        idle.put(worker)

    def parse(path: Path) -> list[Piece | DataError]:
        worker = idle.get()
        try:
            return worker.read(path)
        finally:
            idle.put(worker)

    threads = ThreadPoolExecutor(count, "read music")
    waiting: deque[Future[list[Piece | DataError]]] = deque()

    def first() -> Result:
        parts = waiting.popleft().result()
        pieces = [part for part in parts if isinstance(part, Piece)]
        errors = [part for part in parts if isinstance(part, DataError)]
        if errors and not pieces:
            return errors[0]
        if left_out is not None:
            left_out.extend(errors)
        return pieces

    try:
        for path in paths:
            waiting.append(threads.submit(parse, path))
            if len(waiting) >= AHEAD * count:
                yield first()
        while waiting:
            yield first()
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        for worker in workers:
            worker.kill()
        threads.shutdown()
        for worker in workers:
            worker.close()


class _Worker:
    """A process that reads, started when it is needed and again after it broke.

    One thread calls `read`; `kill` may be called by another meanwhile, and ends it.
    """

    def __init__(self, reader: str, steps_per_beat: int, seconds: float) -> None:
        self._reader, self._steps_per_beat, self._seconds = reader, steps_per_beat, seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._killed = False

    def read(self, path: Path) -> list[Piece | DataError]:
        """The pieces of a file and what is wrong with others, or with the file."""
        process = self._running()
        if process is None:
            return []
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        clock = threading.Timer(self._seconds, end)
        clock.daemon = True
        clock.start()
        try:
            answer = _ask(process, path, self._steps_per_beat)
        finally:
            clock.cancel()
        if answer is None or late.is_set():
            problem = _ending(self.close())
            if late.is_set():
                problem = f"not read within {self._seconds:g} s"
            return [DataError(path, problem, OTHER_FILE)]
        header, pieces = answer
        if "unusable" in header:
            raise DataError(
                self._reader,
                f"this reader of music cannot be used ({header['unusable']})",
                "install seqtasks again, with what it depends on",
            )
        errors = [DataError(path, *error) for error in header["errors"]]
        return [*pieces, *errors]

    def kill(self) -> None:
        """Ends the process, whatever it does; none is started from now on."""
        with self._lock:
            self._killed = True
            if self._process is not None:
                self._process.kill()

    def close(self) -> int | None:
        """Ends the process, lets go of it and of its pipes, and gives its exit status."""
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return None
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):  # what was not yet written goes nowhere
                pipe.close()  # type: ignore[union-attr]
        return process.wait()

    def _running(self) -> subprocess.Popen[bytes] | None:
        """The process, a fresh one where there is none; None once this was killed."""
        with self._lock:
            if self._killed:
                return None
            if self._process is None or self._process.poll() is not None:
                self._process = _start(self._reader, self._seconds)
            return self._process


def _start(reader: str, seconds: float) -> subprocess.Popen[bytes]:
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    arguments = [reader, str(int(seconds) + 5), str(MEMORY)]
    return subprocess.Popen(
        # -P: what lies in the working directory is not imported, unless it is on our own path
        [sys.executable, "-P", "-m", "seqtasks.datasets.music.reader_process", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # one thread: more take address space, and are of no use to a parser
        env=os.environ | {"PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )


def _ask(
    process: subprocess.Popen[bytes], path: Path, steps_per_beat: int
) -> tuple[dict[str, Any], list[Piece]] | None:
    """A process's answer and its pieces; None where it broke off before it had given them."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps([str(path), steps_per_beat]).encode() + b"\n")
        process.stdin.flush()
        line = process.stdout.readline()
        header = json.loads(line) if line.endswith(b"\n") else None
        if header is None:
            return None
        body = process.stdout.read(header.get("bytes", 0))
        return header, unpack(body) if body else []
    except (OSError, ValueError):
        return None


def _ending(status: int | None) -> str:
    """What became of a process that ended while it read a file."""
    try:
        reason = signal.Signals(-(status or 0)).name
    except ValueError:
        reason = f"exit status {status}"
    return f"its parser crashed ({reason})"
