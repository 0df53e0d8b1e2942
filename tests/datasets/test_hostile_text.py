"""Whatever is in a file of text, its reader gives examples or one clear line."""

import csv
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.datasets.conll import read_conll, write_conll
from seqtasks.datasets.delimited import open_table
from seqtasks.datasets.examples import TaggedSentence
from seqtasks.datasets.jsonl import read_jsonl, write_jsonl
from seqtasks.datasets.labelled_sources import load_labelled, read_labelled_file
from seqtasks.datasets.statistics import beginning, labelled, marked
from seqtasks.datasets.tagged_sources import load_tagged
from seqtasks.datasets.tags import SCHEMES
from seqtasks.datasets.text_sources import cut, load_text
from seqtasks.datasets.token_vocabulary import TokenVocabulary
from seqtasks.datasets.vectors import read_vectors
from seqtasks.datasets.vocabulary import Vocabulary
from tests.hostile import answer, as_json, files, texts, values, written

CONLL = [
    b"Ada B-PER\nmet O\nTim I-PER\n\nIn O\nNew B-LOC\nYork I-LOC\n",
    b"-DOCSTART- -X- O\n\n# id 1\nU.N.\tNNP\tS-ORG\nNew York\tNN\tB-LOC\nCity\tNN\tE-LOC\n\n",
    "Zoë U-PER\r\n# O\r\n\r\n東京 B-LOC\r\n都 L-LOC\r\n".encode(),
]
TAGGED = [
    b'{"text": "Ada met Tim.", "entities": [{"start": 0, "end": 3, "type": "PER"}]}\n',
    '{"text": "Zoë", "entities": [{"start": 0, "end": 3, "type": "P", "text": "Zoë"}]}'.encode(),
    b'{"text": "a b", "entities": [{"start": 2, "end": 3, "type": "X", "confidence": 0.5}]}\n\n',
]
TABLES = [
    b'text,label\n"slow, but ""I"" loved it",positive\nlong and dull,negative\n',
    b'good film\t1\n"It\'s"\t0\n\nbad\t1\n',
    'Nr,Review,Rating\n1,schön,5\n2,"zwei\nZeilen",1\n'.encode(),
]
LABELLED = [
    b'{"text": "I loved it.", "label": "positive"}\n{"text": "Dull.", "label": 0}\n',
    b'{"label": true, "text": "a", "more": [1]}\n',
]
LINES = [
    b"positive slow, but I loved it\nnegative\tlong and dull\n",
    b"__label__1 good\n\n__label__0 bad, bad\n",
]
TEXT = [b"A boat.\nIt lies there.\n\nWhales, said he.\n", "Zoë sings… 😀\r\n".encode()]
VECTORS = [b"3 2\nthe 1.5 -2\nOslo 1e-3 4\n1999 0 0\n", b"the 1 2 3\nThe 4 5 6\n"]
VOCABULARIES = [
    b'{"words": ["the", "oslo"], "counts": [3, 1], "characters": "ehlot"}',
    b'{"tokens": ["the", "Oslo"], "counts": [3, 1]}',
]


def jsonl(valid):
    """Files of JSON Lines: damaged ones, and objects with anything in their fields."""
    keys = ["text", "label", "entities", "start", "end", "type"]
    entity = st.dictionaries(st.sampled_from(keys), values(1), max_size=4)
    fields = st.one_of(texts(), values(1), st.lists(entity, max_size=3))
    rows = st.lists(st.dictionaries(st.sampled_from(keys), fields, max_size=5), max_size=4)
    return st.one_of(files(valid), rows.map(lambda r: b"\n".join(map(as_json, r))))


@given(files(CONLL))
def test_conll_is_read_as_it_is_written(data):
    found = answer(read_conll, written(data, "a.conll"))
    if found is None:
        return
    assert found.scheme in SCHEMES and found.repaired >= 0
    for sentence in found.sentences:
        assert sentence.tokens and all(sentence.tokens)
        assert all(tag == "O" or tag[:2] in ("B-", "I-") for tag in sentence.tags)
        assert marked(sentence)
    path = written(b"", "again.conll")
    if answer(lambda: write_conll(path, found.sentences) or path):
        assert read_conll(path).sentences == found.sentences


@given(st.lists(st.lists(st.tuples(texts(), st.sampled_from(["O", "B-X", "B-Y z"])), min_size=1)))
def test_sentences_are_written_as_they_are_or_refused(sentences):
    given_ = [TaggedSentence(*map(tuple, zip(*pairs, strict=True))) for pairs in sentences]
    path = written(b"before", "a.conll")
    if answer(lambda: write_conll(path, given_) or path):
        assert not given_ or read_conll(path).sentences == given_
    else:
        assert path.read_bytes() == b"before"


@given(jsonl(TAGGED))
def test_tagged_json_lines_are_read_as_they_are_written(data):
    found = answer(read_jsonl, written(data, "a.jsonl"))
    if found is None:
        return
    for example in found:
        ends = 0
        for start, end, type_ in example.entities:
            assert ends <= start < end <= len(example.text) and type_.split() == [type_]
            ends = end
        assert marked(example).startswith(example.text[:1]) or example.entities
    path = written(b"", "again.jsonl")
    write_jsonl(path, found)
    assert read_jsonl(path) == found


@given(st.sampled_from(["a.conll", "a.jsonl", "a.JSON", "a.tsv", "a"]), jsonl(CONLL + TAGGED))
def test_a_source_of_tagged_text_has_train_and_dev(name, data):
    found = answer(load_tagged, str(written(data, name)))
    if found is not None:
        assert found.splits["train"] and found.splits["dev"]
        assert len(found.fingerprint) == 32


@pytest.mark.parametrize(
    ("name", "valid"),
    [("a.csv", TABLES), ("a.tsv", TABLES), ("a.jsonl", LABELLED), ("a.txt", LINES)],
)
@given(drawn=st.data())
def test_labelled_texts_are_read_as_they_are_written(name, valid, drawn):
    path = written(drawn.draw(jsonl(valid)), name)
    columns = (None, None)
    if name != "a.txt":
        choice = st.one_of(st.none(), st.sampled_from(["1", "2", "text", "9" * 5_000, "²", ""]))
        columns = drawn.draw(st.tuples(choice, choice))
    notes = []
    found = answer(read_labelled_file, path, *columns, notes)
    if found is None:
        return
    assert found
    for example in found:
        assert example.text == example.text.strip() != ""
        assert example.label == example.label.strip() != ""
        assert len(labelled(example).splitlines()) == 1 and "\0" not in example.text
    again = written(b"", "again.csv")
    with again.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *((e.text, e.label) for e in found)])
    # lines end as our readers have them, whatever ended them in the file
    assert [(e.text, e.label) for e in read_labelled_file(again)] == [
        (e.text.replace("\r\n", "\n").replace("\r", "\n"), e.label) for e in found
    ]
    source = answer(load_labelled, str(path), None, *columns)
    if source is not None:
        assert sum(map(len, source.splits.values())) == len(found)


@given(st.sampled_from(["a.csv", "a.tsv"]), files(TABLES), st.sampled_from([None, "1", "review"]))
def test_a_table_without_labels_has_rows_alike(name, data, column):
    found = answer(open_table, written(data, name), column)
    if found is not None:
        header, place, rows = found
        assert 0 <= place < len(header)
        assert all(len(row) == len(header) for row in rows)


NAMES = ["train", "test", "dev", "pos", "neg", "unsup", ".x", "\x1b[2J", "a\nb", "train.csv", "ü"]


@given(
    st.dictionaries(
        st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join),
        files(TABLES + LINES + TEXT),
        max_size=5,
    ),
    st.sampled_from([load_tagged, load_labelled, load_text]),
)
def test_a_folder_of_whatever_is_there(contents, load):
    folder = written(b"", "x").parent
    for name, data in contents.items():
        path = folder / name
        if not any(part.is_file() for part in path.parents) and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    found = answer(load, str(folder))
    if found is not None:
        assert found.splits["train"] and found.splits["dev"]


@given(files(TEXT), st.sampled_from(["90/5/5", "50/50", "1/98/1"]))
def test_text_is_cut_without_a_loss(data, shares):
    path = written(data, "a.txt")
    found = answer(load_text, str(path), None, shares)
    if found is not None:
        text = data.removeprefix(b"\xef\xbb\xbf").decode().replace("\r\n", "\n").replace("\r", "\n")
        parts = [piece for documents in found.splits.values() for piece in documents]
        assert "".join(parts).removesuffix("\n") == text.removesuffix("\n")
        assert len(beginning(parts[0]).splitlines()) <= 1


@given(st.lists(texts(), max_size=4), st.sampled_from([(0.9, 0.1), (0.9, 0.05, 0.05), (1.0,)]))
def test_cut_documents_joined_are_the_same(documents, shares):
    parts = cut(documents, shares)
    assert len(parts) == len(shares)
    assert "".join("".join(part) for part in parts) == "".join(documents)


@given(files(VECTORS), st.integers(0, 3))
def test_vectors_are_finite_and_each_word_has_one(data, more):
    found = answer(read_vectors, written(data, "vectors.txt"), {"the", "oslo"}, more)
    if found is not None:
        assert found.values.dtype == np.float32 and np.isfinite(found.values).all()
        assert found.values.shape[0] == len(found.words) == len(set(found.words))


@pytest.mark.parametrize("kind", [Vocabulary, TokenVocabulary])
@given(drawn=st.data())
def test_a_vocabulary_is_whole_or_refused(kind, drawn):
    keys = st.sampled_from(["words", "tokens", "counts", "characters"])
    records = st.dictionaries(keys, st.one_of(values(1), st.lists(st.text(max_size=3))))
    data = drawn.draw(st.one_of(files(VOCABULARIES), records.map(as_json)))
    found = answer(kind.load, written(data, "vocabulary.json"))
    if found is not None:
        known = found.words if kind is Vocabulary else found.tokens
        assert len(known) == len(set(known)) == len(found.counts)
        assert all(isinstance(word, str) for word in known)
        assert all(isinstance(n, int) and n >= 0 for n in found.counts)
        path = written(b"", "again.json")
        found.save(path)
        assert kind.load(path) == found == kind.load(path)
        assert json.loads(path.read_text("utf-8"))
