import ast
import re
import sys

import pytest

from seqtasks.datasets import pydocs
from seqtasks.datasets.errors import DataError
from seqtasks.datasets.pydocs import paragraphs, read_pydocs, split_topics, topic_split
from seqtasks.datasets.splits import position

TOPIC = """The "spam" statement
********************

The "spam" statement is used to serve spam, with *eggs* or **without
them**, to all of the non-
empty tables [1]:

   spam_stmt ::= "spam" expression_list
                 ["with" "eggs"]

It is semantically equivalent to

   for table in tables:
       serve(table)  # each of them is to be served with the spam.

Tables
======

+--------+---------------------------+
| Table  | It is the first of these. |
+--------+---------------------------+

object.__spam__(self, *args)

   Called when the object is to be *served*.  It returns "None".

   * The first of the things it does is to warm "self".

   * The second is to wait:

     >>> wait("It is not yet the time for that.")

   1. A numbered thing is here as well, and
      it goes on for two lines.

"__table__"
   The table at which the object is served.

Changed in version 3.5: The "spam" statement takes "*" and "**" too.

-[ Footnotes ]-

[1] They are those at which somebody sits.

   import spam

   spam.tables = [table for table in tables if table.served]
   print("It is the end of the long code here.")
"""

PROSE = [
    'The "spam" statement is used to serve spam, with eggs or without them, '
    "to all of the non-empty tables:",
    'Called when the object is to be served. It returns "None".',
    'The first of the things it does is to warm "self".',
    "The second is to wait:",
    "A numbered thing is here as well, and it goes on for two lines.",
    "The table at which the object is served.",
    'Changed in version 3.5: The "spam" statement takes "*" and "**" too.',
    "They are those at which somebody sits.",
]


@pytest.fixture(scope="module")
def documents():
    return read_pydocs()


def lines(documents):
    return [line for document in documents for line in document.split("\n")]


def test_prose_is_kept_and_all_else_dropped():
    assert list(paragraphs(TOPIC)) == PROSE


def test_grammar_as_newer_pythons_write_it_is_dropped_too():
    assert list(paragraphs(TOPIC.replace(" ::=", ":"))) == PROSE
    assert list(paragraphs('   suite_stmt: "do" names ":" suite\n               "end" "."')) == []


def test_code_between_backticks_is_read_as_code_between_quotes():
    assert list(paragraphs(re.sub(r'"(\w+)"', r"`\1`", TOPIC))) == PROSE


@pytest.mark.parametrize("edge", ["", "\n\n", " \n \n"])
def test_line_breaks_about_a_topic_do_not_matter(edge):
    assert list(paragraphs(edge + TOPIC + edge)) == PROSE


def test_every_document_is_prose(documents):
    for split in documents.values():
        for line in lines(split):
            assert len(line.split()) >= 5
            assert re.search(r"""[.:;!?][)”’"']*$""", line)
            assert "::=" not in line
            assert not re.match(r"[ =~|>#]|\.\.\. ", line)
            assert not re.search(r"={4}|\*{4}|-{4}|  |\t", line)
            with pytest.raises(SyntaxError):
                ast.parse(line)


def test_there_is_enough_to_learn_from(documents):
    sizes = {name: sum(map(len, split)) for name, split in documents.items()}
    assert list(sizes) == ["train", "dev", "test"]
    assert sizes["train"] > 100_000
    assert min(sizes["dev"], sizes["test"]) > 1_000
    text = "\n".join(lines(documents["train"]))
    common = re.findall(r"\b(?:the|a|of|is|to|in|and)\b", text)
    assert len(common) > len(text.split()) / 5
    # prose in the reference since long ago, which a new Python says too
    assert "Assert statements are a convenient way to insert debugging assertions" in text


def test_no_paragraph_is_there_twice(documents):
    every = [line for split in documents.values() for line in lines(split)]
    assert len(set(every)) == len(every)


def test_topics_are_whole_in_one_split_and_in_order():
    topics = {f"topic {i}": f"This is what topic {i} says.\n\nAnd {i} is all." for i in range(400)}
    splits = split_topics(dict(reversed(topics.items())))
    for name, split in splits.items():
        assert split == [
            f"This is what {topic} says." for topic in sorted(topics) if topic_split(topic) == name
        ]
    assert sum(map(len, splits.values())) == 400


def test_the_split_is_of_the_name_alone():
    names = [f"topic {i}" for i in range(2000)]
    first = {name: f"Something is said of {name}." for name in names}
    second = {name: f"Something else is said of {name}." for name in names[::2]}
    for topics in (first, second):
        for split, found in split_topics(topics).items():
            topics_found = [document.partition(" of ")[2].strip(".") for document in found]
            assert all(topic_split(name) == split for name in topics_found)
    counts = {split: len(found) / 2000 for split, found in split_topics(first).items()}
    assert counts == pytest.approx({"train": 0.9, "dev": 0.05, "test": 0.05}, abs=0.02)
    assert all((topic_split(name) == "train") == (position(name) < 0.9) for name in names)


def test_a_paragraph_stays_in_the_first_topic_that_has_it():
    shared = "This is said in both of the topics."
    own = "This is said in one alone."
    splits = split_topics({"b": f"{shared}\n\n{own}", "a": shared, "c": shared})
    assert [document for split in splits.values() for document in split] in (
        [shared, own],
        [own, shared],
    )
    assert shared in splits[topic_split("a")]


def test_it_is_the_same_every_time(documents):
    assert read_pydocs() == documents


@pytest.mark.parametrize("module", [None, object()])
def test_a_python_without_its_documentation(monkeypatch, module):
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", module)
    with pytest.raises(DataError, match=r"^pydocs: .* without its documentation .*; .*sample") as e:
        pydocs.read_pydocs()
    assert "\n" not in str(e.value)
