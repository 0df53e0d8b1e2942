import json
import re
import subprocess
import sys

import pytest

from seqtasks.datasets import sample_ner, tagged_sources
from seqtasks.datasets.errors import DataError
from seqtasks.datasets.examples import Entity, LabelledText, TaggedSentence, TaggedText
from seqtasks.datasets.source import catalogue, fingerprint
from seqtasks.datasets.splits import content_of, split_of
from seqtasks.datasets.tagged_sources import load_tagged, read_tagged_file

JSONL = json.dumps({"text": "Ada", "entities": [{"start": 0, "end": 3, "type": "PER"}]})


def conll(words, tag="B-PER"):
    """One sentence a word."""
    return "".join(f"{word} {tag}\n\n" for word in words)


@pytest.fixture
def folder(tmp_path):
    def folder(**files):
        for name, content in files.items():
            (tmp_path / name.replace("_", ".")).write_text(content)
        return str(tmp_path)

    return folder


def words(examples):
    return [example.tokens[0] for example in examples]


@pytest.mark.parametrize("dev", ["dev", "valid", "validation"])
def test_a_directory_with_three_splits(folder, dev):
    path = folder(train_conll=conll("ab"), test_txt=conll("d"), **{f"{dev}_bio": conll("c")})
    source = load_tagged(path)
    assert {name: words(part) for name, part in source.splits.items()} == {
        "train": ["a", "b"],
        "dev": ["c"],
        "test": ["d"],
    }
    assert source.notes == ()
    assert source.name == path


def test_without_dev_a_tenth_of_train_is_held_out(folder):
    letters = "abcdefghijklmnopqrstuvwxyz"
    source = load_tagged(folder(train_conll=conll(letters), test_conll=conll("1")))
    assert sorted(words(source.splits["train"] + source.splits["dev"])) == list(letters)
    assert 1 <= len(source.splits["dev"]) <= 6
    assert source.notes == ("no dev split: a tenth of train held out, by hash",)


def test_without_test_the_notes_say_so(folder):
    source = load_tagged(folder(train_conll=conll("ab"), dev_conll=conll("c")))
    assert list(source.splits) == ["train", "dev"]
    assert source.notes == ("no test split",)


def test_a_file_is_split_by_hash(folder):
    text = conll([f"w{i}" for i in range(200)])
    source = load_tagged(folder(all_conll=text) + "/all.conll")
    for name, part in source.splits.items():
        assert {split_of(content_of(example)) for example in part} == {name}
    assert sum(len(part) for part in source.splits.values()) == 200
    assert source.notes == ("split by hash: 80/10/10",)


def test_ill_formed_tags_are_told(folder):
    path = folder(train_conll="a B-X\nb I-Y\n\nc B-X\n", dev_conll=conll("c"), test_conll="d O\n")
    assert load_tagged(path).notes == (
        f"{path}/train.conll: 1 tag ill-formed in IOB2, read as conlleval reads them",
    )


@pytest.mark.parametrize("suffix", ["conll", "txt", "bio", "iob", "tsv", "CONLL"])
def test_conll_suffixes(folder, tmp_path, suffix):
    folder(**{f"a_{suffix}": conll("a")})
    assert read_tagged_file(tmp_path / f"a.{suffix}") == (
        [TaggedSentence(("a",), ("B-PER",))],
        (),
    )


@pytest.mark.parametrize("suffix", ["jsonl", "json"])
def test_json_lines_suffixes(folder, tmp_path, suffix):
    folder(**{f"a_{suffix}": JSONL})
    examples = [TaggedText("Ada", (Entity(0, 3, "PER"),))]
    assert read_tagged_file(tmp_path / f"a.{suffix}") == (examples, ())


def test_a_missing_file_is_told_before_its_format(tmp_path):
    with pytest.raises(DataError, match="nix: no such file"):
        read_tagged_file(tmp_path / "nix")
    with pytest.raises(DataError, match="expected a file, got a directory"):
        read_tagged_file(tmp_path)


def test_other_files_in_a_directory_do_no_harm(folder):
    path = folder(
        train_conll=conll("ab"), train_md="notes", dev_jsonl=JSONL, README="r", LICENSE="l"
    )
    assert load_tagged(path).splits["dev"] == [TaggedText("Ada", (Entity(0, 3, "PER"),))]


@pytest.mark.parametrize(
    ("files", "problem", "mend"),
    [
        # no training file
        ({}, "expected a file train.conll, train.txt, ", "dev.*, valid.* or validation.*"),
        ({"dev_conll": "a O\n"}, "train.json, got none", "name the training file so"),
        # two for one split
        ({"train_conll": "", "train_txt": ""}, "got train.conll, train.txt", "keep one of them"),
        (
            {"train_conll": "a O\n", "dev_conll": "a O\n", "valid_conll": "a O\n"},
            "expected one file for dev, got dev.conll, valid.conll",
            "keep one of them",
        ),
        # a format that we do not read
        ({"train_csv": "a,O\n"}, "cannot tell the format of a file that ends in '.csv'", ".conll"),
        ({"train": "a O\n"}, "a file that ends in ''", "JSON Lines is .jsonl, .json"),
        # a broken file among them
        ({"train_conll": "a O\n", "dev_conll": "b\n"}, "dev.conll:1: expected a token", "a tab"),
        # nothing to validate on
        ({"train_conll": "a O\n\na O\n"}, "too few different sentences", "give it more"),
    ],
)
def test_directories_that_will_not_do(folder, files, problem, mend):
    path = folder(**files)
    with pytest.raises(DataError) as error:
        load_tagged(path)
    told, _, advice = str(error.value).partition("; ")
    assert told.startswith(path)
    assert problem in told
    assert mend in advice


def test_the_sample_keeps_its_splits(monkeypatch):
    texts = [TaggedText(word, ()) for word in "abc"]
    splits = {name: [text] for name, text in zip(("train", "dev", "test"), texts, strict=True)}
    monkeypatch.setattr(sample_ner, "load", lambda: splits)
    assert load_tagged("sample").splits == splits
    assert load_tagged("sample").notes == ()


@pytest.mark.parametrize("source", ["nix", "nix/train.conll", "samples", "conll2003"])
def test_a_name_that_is_none_is_answered_with_the_names(source):
    with pytest.raises(DataError) as error:
        load_tagged(source)
    assert str(error.value).startswith(f"{source}: no such file or directory, and no data set has")
    for entry in catalogue("ner"):
        assert entry.name in str(error.value)
    assert "imdb_reviews" not in str(error.value)


def test_a_name_too_long_for_a_file():
    with pytest.raises(DataError, match="file name too long; check the path"):
        load_tagged("Harry Potter " * 100)


def test_a_directory_closed_to_us(folder, monkeypatch):
    def refuse(self):
        raise PermissionError

    path = folder(train_conll="a O\n")
    monkeypatch.setattr(tagged_sources.Path, "iterdir", refuse)  # root may read everything
    with pytest.raises(
        DataError, match=r"no permission to read it; allow it, as with: chmod u\+rx"
    ):
        load_tagged(path)


def test_the_fingerprint_changes_with_every_part(folder):
    sentence = TaggedSentence(("a", "b"), ("B-X", "O"))
    versions = [
        {"train": [sentence]},
        {"dev": [sentence]},
        {"train": [sentence, sentence]},
        {"train": [TaggedSentence(("a", "b"), ("B-Y", "O"))]},
        {"train": [TaggedSentence(("ab",), ("B-X",))]},
        {"train": [TaggedText("a b", (Entity(0, 1, "X"),))]},
        {"train": [TaggedText("a b", (Entity(0, 2, "X"),))]},
        {"train": [LabelledText("a b", "X")]},
        {"train": [LabelledText("a b", "Y")]},
    ]
    assert len({fingerprint(splits) for splits in versions}) == len(versions)
    assert re.fullmatch("[0-9a-f]{32}", fingerprint({}))
    path = folder(train_conll=conll("ab"), dev_conll=conll("c"))
    assert load_tagged(path).fingerprint == load_tagged(path).fingerprint


def test_the_catalogue_is_of_sources():
    assert catalogue()[0].name == "sample"
    assert all(
        entry.name in ("sample", "pydocs") or re.fullmatch(r"tfds:\w+(/\w+)?", entry.name)
        for entry in catalogue()
    )
    for task in ("ner", "sentiment", "lm", "music"):
        assert catalogue(task)[0].name == "sample"
    tasks = ("ner", "sentiment", "lm", "music")
    assert [entry for task in tasks for entry in catalogue(task)] == catalogue()


def test_readers_import_no_tensorflow():
    code = "import sys, seqtasks.datasets.tagged_sources, seqtasks.datasets.tagged_tfds; "
    code += "sys.exit('tensorflow' in sys.modules or 'tensorflow_datasets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
