"""How a command shows how far it has come."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from seqtasks.tasks.progress import Progress


@contextmanager
def told(what: str) -> Iterator[Callable[[int, int], None]]:
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
