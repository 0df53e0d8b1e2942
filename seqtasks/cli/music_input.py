"""How `seqtasks music` shows that it reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from seqtasks.tasks.progress import Progress

if TYPE_CHECKING:
    from seqtasks.datasets.music.files import Progress as Told


@contextmanager
def told(what: str) -> "Iterator[Told]":
    """A callback (done, all) that shows how far `what` has come; no line where it is not called."""
    shown: list[Progress] = []
    counts = [0]

    def tell(done: int, all_: int) -> None:
        if not shown:
            shown.append(Progress(what, all_))
        counts[0] = done
        shown[0].step(done)

    yield tell
    if shown:
        shown[0].done(f"{what}: {counts[0]:,} done")
