"""Sentiment, and any other labels of texts: many to one, a label for every text.

    from pathlib import Path
    from seqtasks.datasets.labelled_sources import load_labelled
    from seqtasks.tasks import sentiment

    sentiment.train(sentiment.Config(), load_labelled("sample"), Path("runs/sentiment"))
    classifier = sentiment.load(Path("runs/sentiment"))
    for answer in classifier.classify(["Slow, but I loved it."]):
        print(answer.label, answer.probability)

The verbs are imported when they are first used, since they bring TensorFlow with them.
"""

from importlib import import_module
from typing import Any

from seqtasks.tasks.sentiment.config import Config as Config

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
