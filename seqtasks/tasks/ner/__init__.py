"""Named-entity recognition: many to many, a tag for every word.

    from pathlib import Path
    from seqtasks.datasets.tagged_sources import load_tagged
    from seqtasks.tasks import ner

    ner.train(ner.Config(), load_tagged("sample"), Path("runs/ner"))
    tagger = ner.load(Path("runs/ner"))
    for line in tagger.tag_texts(["Harry Potter and Hermione Granger invented a new spell."]):
        print(line.entities)

The verbs are imported when they are first used, since they bring TensorFlow with them.
"""

from importlib import import_module
from typing import Any

from seqtasks.tasks.ner.config import Config as Config

# verb -> module; no module is called as a verb, since importing it would put it in the verb's place
_VERBS = {
    "build_model": "run",
    "train": "run",
    "load": "run",
    "evaluate": "evaluation",
    "export": "exporting",
}


def __getattr__(name: str) -> Any:
    if name not in _VERBS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_VERBS[name]}"), name)
