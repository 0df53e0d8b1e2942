"""How often our tokeniser cuts as a CoNLL file does, its tokens joined by spaces.

python benchmarks/tokenizer.py train.conll other.conll --json results/tokenizer.json
"""

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

from seqtasks.datasets.conll import read_conll
from seqtasks.datasets.tokenizer import tokenize


def agreement(path: Path) -> dict[str, float]:
    """Share of the file's tokens that ours cuts at the same places, and of whole sentences."""
    sentences = [sentence.tokens for sentence in read_conll(path).sentences]
    cut = tokenize(tf.constant([" ".join(tokens) for tokens in sentences]))
    same, total, whole = 0, 0, 0
    for tokens, start, end in zip(sentences, cut.start.to_list(), cut.end.to_list(), strict=True):
        ours = set(zip(start, end, strict=True))
        place, theirs = 0, set()
        for token in tokens:
            theirs.add((place, place + len(token)))
            place += len(token) + 1
        same += len(ours & theirs)
        total += len(theirs)
        whole += ours == theirs
    return {
        "tokens": total,
        "same_tokens": round(same / total, 4),
        "same_sentences": round(whole / len(sentences), 4),
    }


def main() -> None:
    """Parse, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, nargs="+")
    parser.add_argument("--json", type=Path, required=True)
    arguments = parser.parse_args()
    result = {"/".join(path.parts[-2:]): agreement(path) for path in arguments.file}
    arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
