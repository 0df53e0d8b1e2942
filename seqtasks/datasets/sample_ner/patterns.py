"""Names put together from parts: `{last} & Sons`, `University of {city}`, `Treaty of {city}`.

`patterns.txt` has a line for each pattern, `slot: pattern`, and for each group of words that
patterns take parts from, `group = one | other`. Other holes are names or words from the lists.
"""

from collections.abc import Callable
from functools import cache
from importlib import resources

LISTS = {
    "first": "first_names",
    "last": "last_names",
    "city": "cities",
    "country": "countries",
    "region": "regions",
    "nationality": "nationalities",
}
WORDS = {"noun": "nouns", "plural": "nouns", "adjective": "adjectives"}
SHARE = 0.45  # of the names of a slot that has patterns


@cache
def patterns() -> dict[str, list[str]]:
    """The patterns of each slot."""
    found: dict[str, list[str]] = {}
    for line in _lines():
        slot, colon, pattern = line.partition(": ")
        if colon and " = " not in slot:
            found.setdefault(slot, []).append(pattern)
    return found


@cache
def groups() -> dict[str, list[str]]:
    """The words of each group."""
    pairs = (line.split(" = ", 1) for line in _lines() if " = " in line.split(":")[0])
    return {name: words.split(" | ") for name, words in pairs}


def compose(pattern: str, pick_name: Callable[[str], str], pick: Callable[[list[str]], str]) -> str:
    """A name from a pattern.

    pick_name: one entry of the list of this name; pick: one of these words.
    """
    while "{" in pattern:
        head, _, rest = pattern.partition("{")
        hole, _, tail = rest.partition("}")
        if hole in LISTS:
            part = pick_name(LISTS[hole])
        elif hole in WORDS:
            part = pick_name(WORDS[hole]).title().replace("'S", "'s")
            part = plural(part) if hole == "plural" else part
        else:
            part = pick(groups()[hole])
        pattern = head + part + tail
    return pattern


def plural(noun: str) -> str:
    """Roughly: bus, buses; city, cities."""
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


@cache
def _lines() -> tuple[str, ...]:
    text = (resources.files(__package__) / "patterns.txt").read_text("utf-8")
    return tuple(line for line in text.splitlines() if line.strip() and not line.startswith("#"))
