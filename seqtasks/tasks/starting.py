"""`--init-from`: a network over words begins with what a trained one has learnt."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from seqtasks.datasets.vocabulary import UNKNOWN, Vocabulary
from seqtasks.tasks import language_start, loading, run_directory, task_start
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.run_record import check_unchanged
from seqtasks.tasks.start import Start


def read(config: Any, task: str, begun: Any = None) -> Start | None:
    """The run that `config.init_from` names, a language model's or one of `task`; None: none.

    begun: the `record` of what a training that is resumed was begun with, as its file has it.
    Raises TaskError if there is no such run, if a file of it is broken or was changed, if it is
    another than `begun`, and if `config.embeddings` brings vectors too.
    """
    if config.init_from is None:
        return None
    if config.embeddings is not None:
        raise TaskError("`embeddings` and `init_from` both bring the words' vectors: give one")
    place = Path(config.init_from)
    if begun and not place.exists():
        raise TaskError(
            f"{place}: the training was begun from this run, which is not there any more; "
            "bring it back, or start anew with --overwrite"
        )
    record = run_directory.read_config(place, "lm", "--init-from", task)
    loading.refuse_later(place / run_directory.CONFIG, record.get("versions"))
    if record["task"] == "lm":
        start = language_start.read(place, record)
    else:
        start = task_start.read(place, record, type(config))
    check_unchanged(place, record)
    if begun and not (isinstance(begun, dict) and begun.get("fingerprint") == start.fingerprint):
        raise TaskError(
            f"{place}: another run than the training was begun from; bring that one back, or "
            "start anew with --overwrite"
        )
    return start


def fill(
    start: Start,
    network: Any,
    vocabulary: Vocabulary,
    names: Sequence[str],
    say: Callable[[str], None],
) -> None:
    """Give a network the vector of unknown words, and the weights of the layers both have.

    network: `word` is its embedding, `recurrent` its recurrent layers, `letters` reads letters, and
    `scores` are those of its outputs, called `names`; the vectors of known words it has already.
    Raises TaskError if a weight is missing or does not fit.
    """
    vectors = network.word.embeddings.numpy()
    vectors[UNKNOWN] = start.values[start.unknown]
    network.word.embeddings.assign(vectors)
    if start.whose == "language model":
        language_start.fill(start, network, say)
    else:
        task_start.fill(start, network, vocabulary.characters, names, say)
