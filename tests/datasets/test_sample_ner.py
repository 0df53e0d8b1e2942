import re
import subprocess
import sys
from collections import Counter, defaultdict
from importlib import resources

import pytest

from seqtasks.datasets import sample_ner
from seqtasks.datasets.examples import Entity
from seqtasks.datasets.sample_ner import HELD_OUT, fill, load, unmark
from seqtasks.datasets.sample_ner.fillers import ENTITIES, WORDS, Names, entries

TYPES = {"PER", "LOC", "ORG", "MISC"}
NAME_SLOTS = ["person", *ENTITIES]
SAMPLE = load()
FRAMES = [
    line
    for file in sorted((resources.files(sample_ner) / "frames").iterdir(), key=str)
    for line in file.read_text("utf-8").splitlines()
    if line.strip()
]


def mentions(split):
    return [
        (example.text[start:end], type_)
        for example in SAMPLE[split]
        for start, end, type_ in example.entities
    ]


def words(name):
    """The words of a name in lower case; a possessive 's is none of its word."""
    return re.findall(r"[^\s,]+?(?=['’]s(?:[\s,]|$)|[\s,]|$)", name.lower())


def text_outside(example):
    """The text of an example with every entity as `_`, so that only our own words are left."""
    text = example.text
    for start, end, _ in reversed(example.entities):
        text = f"{text[:start]}_{text[end:]}"
    return text


def test_loading_is_deterministic():
    assert load() == SAMPLE


def test_another_process_makes_the_same(tmp_path):
    script = (
        "from seqtasks.datasets.sample_ner import load;import hashlib;"
        "print(hashlib.sha256(repr(load()).encode()).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            cwd=tmp_path,
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_size():
    assert len(set(FRAMES)) >= 300
    assert len(SAMPLE["test"]) >= 300
    assert len(SAMPLE["train"]) > 1000
    assert len(SAMPLE["dev"]) > 300


def faults(frame):
    """What is wrong with a frame."""
    # choices: one or more bars within round brackets, which do not nest and are nothing else
    if set("()|") & set(re.sub(r"\([^()|]*(?:\|[^()|]*)+\)", "", frame)):
        yield "choices"
    types = re.findall(r"\[([A-Z]+) [^\[\]{}]*[^\s\[\]{}]\]", frame)
    if not len(types) == frame.count("[") == frame.count("]"):
        yield "marks"
    yield from set(types) - TYPES
    slots = re.findall(r"\{(\w+)\}", frame)
    if not len(slots) == frame.count("{") == frame.count("}"):
        yield "slots"
    for slot in slots:
        try:
            assert Names("train", HELD_OUT).draw(slot, set())
        except ValueError as error:
            yield str(error)


def test_frames_are_well_formed():
    found = {frame: list(faults(frame)) for frame in FRAMES}
    assert {frame: found for frame, found in found.items() if found} == {}


@pytest.mark.parametrize(
    ("frame", "count"),
    [
        ("{first} (saw|met) [PER Ana] in (a|{city}|[LOC Oslo]).", 0),
        # a choice of one, nested, not closed, a bar outside
        ("(a)", 1),
        ("(a|(b|c))", 1),
        ("(a|b", 1),
        ("a|b", 1),
        # marks without type, name or end, of an unknown type, around a slot
        ("[Ana] [PER ] [PER Ana", 1),
        ("[PERSON Ana]", 1),
        ("[PER {first}]", 1),
        # slots that nobody knows, without end
        ("{nobody} {noone}", 2),
        ("{first", 1),
    ],
)
def test_faults_are_found(frame, count):
    assert len(list(faults(frame))) == count


def test_no_frame_stands_twice():
    assert [frame for frame, times in Counter(FRAMES).items() if times > 1] == []


@pytest.mark.parametrize("split", ["train", "dev"])
@pytest.mark.parametrize("slot", NAME_SLOTS)
def test_names_are_drawn_with_their_type(split, slot):
    names = Names(split, HELD_OUT)
    for _ in range(50):
        drawn = names.draw(slot, set())
        type_ = "PER" if slot == "person" else ENTITIES[slot][0]
        assert re.fullmatch(rf"\[{type_} [^\s\[\]{{}}|][^\[\]{{}}|]*(?<=\S)\]", drawn)


@pytest.mark.parametrize("slot", [*NAME_SLOTS, *WORDS, "date", "score", "money", "time"])
def test_a_frame_does_not_repeat_a_filler(slot):
    names, used = Names("dev", HELD_OUT), set()
    assert len({names.draw(slot, used) for _ in range(3)}) == 3


def test_an_unknown_slot_is_named():
    with pytest.raises(ValueError, match=r"unknown slot \{persn\}"):
        Names("train", HELD_OUT).draw("persn", set())


def test_each_split_has_its_part_of_the_lists():
    lists = {name for _, lists in ENTITIES.values() for name in lists}
    parts = {}
    for split in ("train", "dev"):
        names = Names(split, HELD_OUT)
        parts[split] = {entry.lower() for name in lists for entry in names._names(name)}
        assert all(set(names._names(name)) <= set(entries(name)) for name in lists)
    assert not parts["train"] & parts["dev"]
    assert 0.08 < len(parts["dev"]) / len(parts["train"]) < 0.2


@pytest.mark.parametrize("slot", ["first", "last", "city", "country"])
def test_names_held_out_are_not_drawn_for_training(slot):
    train, dev = (
        {names.draw(slot, set()) for _ in range(2000)}
        for names in (Names("train", HELD_OUT), Names("dev", HELD_OUT))
    )
    assert not train & dev


def test_validation_has_sentences_of_its_own():
    train, dev, test = ({example.text for example in SAMPLE[split]} for split in SAMPLE)
    assert not train & dev
    assert not test & (train | dev)
    assert len(train) == len(SAMPLE["train"])
    assert len(dev) == len(SAMPLE["dev"])


def test_names_of_the_test_split_are_nowhere_else():
    within = defaultdict(set)  # every sequence of whole words within a name -> such names
    for name, _ in {*mentions("train"), *mentions("dev")}:
        of_name = words(name)
        for i in range(len(of_name)):
            for j in range(i + 1, len(of_name) + 1):
                within[tuple(of_name[i:j])].add(name)
    found = {
        name: within[key] for name, _ in mentions("test") if (key := tuple(words(name))) in within
    }
    assert found == {}


def test_no_word_of_a_person_of_the_test_split_is_in_another_person():
    test, other = (
        {
            word
            for split in splits
            for name, type_ in mentions(split)
            if type_ == "PER"
            for word in words(name)
        }
        for splits in (["test"], ["train", "dev"])
    )
    assert test & other == set()


@pytest.mark.parametrize("split", SAMPLE)
def test_splits_hold_all_types_and_sentences_without(split):
    counts = Counter(type_ for _, type_ in mentions(split))
    assert set(counts) == TYPES
    assert min(counts.values()) > 50
    without = sum(not example.entities for example in SAMPLE[split])
    assert 0.05 < without / len(SAMPLE[split]) < 0.5


@pytest.mark.parametrize("split", SAMPLE)
def test_entities_cut_names(split):
    for example in SAMPLE[split]:
        assert example.text == example.text.strip() != ""
        assert not set("[]{}|\n\t") & set(example.text)
        place = 0
        for start, end, _ in example.entities:
            assert place <= start < end <= len(example.text)
            name = example.text[start:end]
            assert name == name.strip()
            assert not example.text[:start][-1:].isalnum()
            place = end


def test_fillers_land_where_their_entity_says():
    frame = "In {city}, {person} of {company} (ate|sold) [MISC Edam]."
    for _ in range(20):
        names = Names("train", HELD_OUT)
        example = unmark(fill(frame, names))
        assert [entity.type for entity in example.entities] == ["LOC", "PER", "ORG", "MISC"]
        assert (
            re.sub("_ (ate|sold) _", "_ … _", text_outside(example)).lower() == "in _, _ of _ … _."
        )


def test_unmark():
    example = unmark("[PER Ana B.]'s [LOC São Tomé], [x] 😀 [ORG A&M]")
    assert example.text == "Ana B.'s São Tomé, [x] 😀 A&M"
    assert example.entities == (Entity(0, 6, "PER"), Entity(9, 17, "LOC"), Entity(25, 28, "ORG"))
    assert unmark("no name").entities == ()


def test_names_come_in_every_case():
    names = [name for name, _ in mentions("train")]
    assert sum(name.islower() for name in names) > 100
    # longer than abbreviations are
    assert sum(name.isupper() and len(name) > 6 for name in names) > 100
    for name, cased in (("test", str.islower), ("test", str.isupper), ("dev", str.islower)):
        assert any(cased(mention) for mention, _ in mentions(name))


@pytest.mark.parametrize("word", ["Jordan", "Washington", "Apple", "May"])
def test_ambiguous_words_have_several_senses(word):
    senses = Counter()
    for example in SAMPLE["train"]:
        for found in re.finditer(rf"\b{word}\b", example.text):
            around = [e.type for e in example.entities if e.start <= found.start() < e.end]
            senses[around[0] if around else "none"] += 1
    assert sum(times >= 5 for times in senses.values()) >= 2


class Fixed(Names):
    """Draws one name only, and never sets a whole sentence in another case."""

    def __init__(self, name, chance=0.99):
        super().__init__("train", HELD_OUT)
        self.name, self.chance = name, chance

    def random(self):
        return self.chance

    def draw(self, slot, used):
        return self.name


@pytest.mark.parametrize(
    ("frame", "name", "chance", "expected"),
    [
        # before a vowel, marked or not
        ("Not a {x} fan", "[LOC Oslo]", 0.99, "Not an Oslo fan"),
        ("A {x} fan", "[LOC Oslo]", 0.99, "An Oslo fan"),
        ("In a {x}", "apple", 0.99, "In an apple"),
        # the type has vowels of its own
        ("Not a {x} fan", "[ORG Brest]", 0.99, "Not a Brest fan"),
        # vowels that do not sound so
        ("Not a {x} fan", "[MISC European]", 0.99, "Not a European fan"),
        ("Not a {x} fan", "[LOC US]", 0.99, "Not a US fan"),
        ("Not a {x} fan", "union", 0.99, "Not a union fan"),
        # set in lower case or capitals: the whole, the type apart; or by the frame
        ("Not a {x} fan", "[LOC Oslo]", 0.0, "not an oslo fan"),
        ("Not a {x} fan", "[LOC Oslo]", 0.03, "NOT AN OSLO FAN"),
        ("NOT A {x} FAN", "[LOC Oslo]", 0.99, "NOT AN OSLO FAN"),
        ("not a {x} fan", "[LOC Oslo]", 0.0, "not an oslo fan"),
        ("not a {x} fan", "[LOC Oslo]", 0.99, "not an Oslo fan"),
        # no article
        ("Plan a1 {x} for a, {x}", "[LOC Oslo]", 0.99, "Plan a1 Oslo for a, Oslo"),
    ],
)
def test_articles_and_case(frame, name, chance, expected):
    example = unmark(fill(frame, Fixed(name, chance)))
    assert example.text == expected
    types = re.findall(r"\[(\w+)", name) * frame.count("{")
    assert [entity.type for entity in example.entities] == types


@pytest.mark.parametrize("split", ["train", "dev"])
def test_articles_fit_everywhere(split):
    sounded_as_consonants = r"(?:eu|uni|use|usu|one\b|u[ks][a-z]?\b|u\.|ut|ur)"
    wrong_a = re.compile(rf"(?<![\w.'&])a (?!{sounded_as_consonants})[aeiou]\w*", re.I)
    # a silent h; letters spelt out with a vowel first (MBA)
    sounded_as_vowels = r"hour|honest|honou?r|heir|[fhlmnrsx][a-z]{1,2}\b"
    wrong_an = re.compile(rf"(?<![\w.'&])an (?!{sounded_as_vowels})[b-df-hj-np-tv-z]\w*", re.I)
    found = set()
    for example in SAMPLE[split]:
        inside = {i for start, end, _ in example.entities for i in range(start, end)}
        for wrong in (wrong_a, wrong_an):
            found |= {m[0] for m in wrong.finditer(example.text) if m.start() not in inside}
    assert found == set()
