"""The process in which a reader of music works: it reads file after file, until its input ends.

Run as `python -m seqtasks.datasets.music.reader_process READER SECONDS BYTES`, by `isolated`. Each
line of its input is JSON, `[path, steps_per_beat]`; its answer is a line of JSON, and behind it
the number of bytes that it announces:

    {"bytes": 1234, "errors": [ERROR, …]}       packed pieces; ERROR is [problem, mend, line]
    {"unusable": …}                             the reader does not run on this machine at all
"""

import importlib
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.music.piece import Piece
from seqtasks.datasets.music.piece_bytes import pack

OTHER_FILE = "leave the file out, or save it anew with a music program"

Found = Piece | list[Piece | DataError]


def main() -> None:
    """Reads what it is asked to; its parent decides when it ends."""
    name, seconds, most_bytes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    answers = _take_standard_output()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: for the parent to answer
    _limit_memory(most_bytes)
    for line in sys.stdin.buffer:
        if hasattr(signal, "alarm"):
            signal.alarm(seconds)  # of use once the parent was killed; it has a clock of its own
        path, steps_per_beat = json.loads(line)
        header, body = _answer(name, Path(path), steps_per_beat, most_bytes)
        answers.write(json.dumps(header).encode() + b"\n" + body)
        answers.flush()
        if hasattr(signal, "alarm"):
            signal.alarm(0)


def _answer(
    name: str, path: Path, steps_per_beat: int, most_bytes: int
) -> tuple[dict[str, Any], bytes]:
    try:
        read: Callable[[Path, int], Found] = importlib.import_module(name).read
        found = read(path, steps_per_beat)
        parts = found if isinstance(found, list) else [found]
        pieces = [part for part in parts if isinstance(part, Piece)]
        errors = [_fields(part) for part in parts if isinstance(part, DataError)]
        body = pack(pieces)
    except DataError as error:
        return _refused(*_fields(error)), b""
    except ImportError as error:
        return {"unusable": f"{type(error).__name__}: {error}"}, b""
    except MemoryError:
        problem = f"reading it takes more than {most_bytes >> 30} GiB of memory"
        return _refused(problem, OTHER_FILE, None), b""
    except Exception as error:
        reason = next((line for line in str(error).splitlines() if line.strip()), "")
        problem = f"cannot be read ({type(error).__name__}: {reason.strip()[:200]})"
        return _refused(problem, OTHER_FILE, None), b""
    return {"bytes": len(body), "errors": errors}, body


def _fields(error: DataError) -> list[str | int | None]:
    return [error.problem, error.mend, error.line]


def _refused(*error: str | int | None) -> dict[str, Any]:
    return {"bytes": 0, "errors": [error]}


def _take_standard_output() -> BinaryIO:
    """What was standard output; whatever a parser prints goes to standard error from now on."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _limit_memory(most_bytes: int) -> None:
    with suppress(ImportError, ValueError, OSError):  # Windows has no such limit, macOS refuses it
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        if hard != resource.RLIM_INFINITY:
            most_bytes = min(most_bytes, hard)
        resource.setrlimit(resource.RLIMIT_AS, (most_bytes, hard))


if __name__ == "__main__":
    main()
