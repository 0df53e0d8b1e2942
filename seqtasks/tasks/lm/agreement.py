"""Does the verb agree with its subject, however far away: what a model's state can remember.

Of two sentences that differ in the number of one verb, the model should find the right one the
more probable, given all that stands before the verb. Chance is right half of the time. After
Linzen, Dupoux and Goldberg, "Assessing the ability of LSTMs to learn syntax-sensitive
dependencies", 2016.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from seqtasks.datasets.sample_lm import AgreementItem
from seqtasks.tasks.lm.language_model import LanguageModel


def agreement(model: LanguageModel, items: Sequence[AgreementItem]) -> dict[int, float]:
    """The share of items, by distance, in which the right verb is the more probable one.

    The distance is the number of words between the subject and the verb. A tie is a miss.
    """
    rows = [_ids(model, item.prefix, verb) for item in items for verb in (item.right, item.wrong)]
    last = np.array([found[-1] for found in model.read_rows(rows)])
    right = last[0::2] > last[1::2]
    distances = np.array([item.distance for item in items])
    return {int(d): float(right[distances == d].mean()) for d in np.unique(distances)}


def _ids(model: LanguageModel, prefix: Sequence[str], verb: str) -> np.ndarray:
    ids: Any = model.encoder.ids(tf.constant([*prefix, verb]))
    return np.asarray(ids)
