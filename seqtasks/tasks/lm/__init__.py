"""Language models: the probability of text, word by word or character by character, and new text.

    from pathlib import Path
    from seqtasks.datasets.text_sources import load_text
    from seqtasks.tasks import lm

    lm.train(lm.Config(), load_text("sample"), Path("runs/lm"))
    model = lm.load(Path("runs/lm"))
    for score in model.score(["the apple and pear salad", "the apple and pair salad"]):
        print(score.log10, score.perplexity)

The verbs are imported when they are first used, since they bring TensorFlow with them.
"""

from importlib import import_module
from typing import Any

from seqtasks.tasks.lm.config import Config as Config

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
