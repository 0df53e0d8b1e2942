"""What fills the slots of a frame: names from the lists, and numbers, dates and sums made up."""

import random
from functools import cache
from importlib import resources

from seqtasks.datasets.sample_ner.patterns import SHARE, compose, patterns

# slot -> (type, lists): an entity of that type, drawn from these lists together
ENTITIES = {
    "first": ("PER", ["first_names"]),
    "last": ("PER", ["last_names"]),
    "nickname": ("PER", ["nicknames"]),
    "city": ("LOC", ["cities"]),
    "country": ("LOC", ["countries"]),
    "region": ("LOC", ["regions"]),
    "place": ("LOC", ["places"]),
    "address_street": ("LOC", ["streets"]),
    "company": ("ORG", ["companies"]),
    "team": ("ORG", ["teams"]),
    "city_team": ("ORG", ["cities"]),
    "university": ("ORG", ["universities"]),
    "agency": ("ORG", ["agencies"]),
    "media": ("ORG", ["media"]),
    "band": ("ORG", ["bands"]),
    "nationality": ("MISC", ["nationalities"]),
    "people": ("MISC", ["peoples"]),
    "language": ("MISC", ["languages"]),
    "religion": ("MISC", ["religions"]),
    "event": ("MISC", ["events"]),
    "award": ("MISC", ["awards"]),
    "work": ("MISC", ["works"]),
    "product": ("MISC", ["products"]),
    "vessel": ("MISC", ["vessels"]),
    "law": ("MISC", ["laws"]),
    "holiday": ("MISC", ["holidays"]),
}
WORDS = {
    "job": "jobs",
    "adjective": "adjectives",
    "noun": "nouns",
    "food": "foods",
    "animal": "animals",
}
MONTHS = [
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
]
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
NUMBERS = [
    *("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("fifteen", "twenty", "thirty"),
]
UNITS = ["million", "billion", "thousand"]
# shape of a full name -> how often, in percent
PERSONS = {
    "{f} {l}": 68,
    "{f} {i} {l}": 6,
    "{f} {f} {l}": 8,
    "{i} {l}": 4,
    "{i} {i} {l}": 2,
    "{f} {l}-{l}": 3,
    "{f} {l} {l}": 4,
    "{f} {l} Jr.": 1,
    "{f}-{f} {l}": 1,
    "{f}": 3,
}


class Names:
    """Draws fillers at random, from the part of each list that belongs to one split.

    split: "train" or "dev"; held_out: every so-many-th entry of a list is dev's, unless it is
        train's in another list; the rest is train's. Plain words, which are no names, are shared.

    Words drawn for one frame do not repeat.
    """

    def __init__(self, split: str, held_out: int) -> None:
        self._split, self._held_out = split, held_out
        self._generator = random.Random(f"seqtasks sample {split}")

    def random(self) -> float:
        """A number in [0, 1)."""
        return self._generator.random()

    def pick(self, items: list[str]) -> str:
        """One of them."""
        return items[int(self.random() * len(items))]

    def draw(self, slot: str, used: set[str]) -> str:
        """What fills `slot`, marked with its type if it is an entity, and not in `used` yet."""
        for _ in range(20):
            filler = self._any(slot)
            if filler not in used:
                break
        used.add(filler)
        return filler

    def _any(self, slot: str) -> str:
        if slot == "person":
            return f"[PER {self._person()}]"
        if slot in ENTITIES:
            type_, lists = ENTITIES[slot]
            shapes = patterns().get(slot)
            if shapes and self.random() < SHARE:
                return f"[{type_} {compose(self.pick(shapes), self._part_of_name, self.pick)}]"
            return f"[{type_} {self.pick(self._names(lists[0]))}]"
        if slot in WORDS:
            return self.pick(entries(WORDS[slot]))
        return self._number(slot)

    def _person(self) -> str:
        chance = 100 * self.random()
        shape = "{f} {l}"
        for shape, percent in PERSONS.items():  # noqa: B007
            chance -= percent
            if chance < 0:
                break
        while "{" in shape:
            for hole, name in (
                ("{f}", "first_names"),
                ("{l}", "last_names"),
                ("{i}", "first_names"),
            ):
                if hole in shape:
                    filler = self.pick(self._names(name))
                    shape = shape.replace(hole, filler[0] + "." if hole == "{i}" else filler, 1)
        return shape

    def _part_of_name(self, name: str) -> str:
        return self.pick(entries(name) if name in WORDS.values() else self._names(name))

    def _names(self, name: str) -> list[str]:
        return _part(name, self._split == "dev", self._held_out)

    def _number(self, slot: str) -> str:
        small = 1 + int(self.random() ** 2 * 98)
        year = str(1850 + int(self.random() ** 0.5 * 176))
        if slot == "month":
            return self.pick(MONTHS)
        if slot == "weekday":
            return self.pick(WEEKDAYS)
        if slot == "year":
            return year
        if slot == "number":
            return str(small) if self.random() < 0.6 else self.pick(NUMBERS)
        if slot == "bignumber":
            return f"{1 + int(self.random() * 800):,},{int(self.random() * 1000):03d}"
        if slot == "money":
            sign = self.pick(["$", "$", "€", "£"])
            amount = self.pick(
                [str(small), f"{small}.{int(self.random() * 10)} {self.pick(UNITS)}"]
            )
            return sign + amount
        if slot == "percent":
            number = self.pick([str(small), f"{small % 12}.{int(self.random() * 10)}"])
            return number + self.pick([" percent", " per cent", "%"])
        if slot == "time":
            hour = 1 + int(self.random() * 12)
            return self.pick(
                [
                    f"{hour}:{int(self.random() * 6)}0",
                    f"{hour} p.m.",
                    f"{hour} o'clock",
                    f"{hour}am",
                ]
            )
        if slot == "date":
            day = 1 + int(self.random() * 28)
            return self.pick([f"{day} {self.pick(MONTHS)}", f"{self.pick(MONTHS)} {day}, {year}"])
        if slot == "score":
            return f"{int(self.random() * 6)}-{int(self.random() * 5)}"
        raise ValueError(f"a frame has the unknown slot {{{slot}}}")


@cache
def entries(name: str) -> list[str]:
    """The lines of `lists/<name>.txt`."""
    text = (resources.files(__package__) / "lists" / f"{name}.txt").read_text("utf-8")
    return [line.strip() for line in text.splitlines() if line.strip()]


@cache
def _part(name: str, dev: bool, held_out: int) -> list[str]:
    if not dev:
        return [item for i, item in enumerate(entries(name)) if i % held_out]
    trained = _trained(held_out)
    return [item for item in entries(name)[::held_out] if item.lower() not in trained]


@cache
def _trained(held_out: int) -> frozenset[str]:
    """The names of training, of all lists together: Nelson is a first and a last name."""
    lists = {name for _, names in ENTITIES.values() for name in names}
    return frozenset(item.lower() for name in lists for item in _part(name, False, held_out))
