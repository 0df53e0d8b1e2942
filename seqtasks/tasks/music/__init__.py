"""Music: the probability of a piece, and new ones, from nothing, a genre or first notes.

    from pathlib import Path
    from seqtasks.datasets.music.sources import load_music
    from seqtasks.tasks import music

    music.train(music.Config(), load_music("sample"), Path("runs/music"))
    composer = music.load(Path("runs/music"))
    [piece] = composer.generate(steps=256, seed=1)

The verbs are imported when they are first used, since they bring TensorFlow with them.
"""

from importlib import import_module
from typing import Any

from seqtasks.tasks.music.config import Config as Config

# verb -> module; no module is called as a verb, since importing it would put it in the verb's place
_VERBS = {
    "build_model": "run",
    "train": "run",
    "load": "run",
    "training_pieces": "run",
    "evaluate": "evaluation",
    "compare": "evaluation",
    "piece_of_names": "sources",
    "bar_of": "sources",
    "export": "exporting",
}


def __getattr__(name: str) -> Any:
    if name not in _VERBS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_VERBS[name]}"), name)
