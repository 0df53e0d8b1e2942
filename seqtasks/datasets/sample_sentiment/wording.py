"""The wording of a frame: which option of each choice, a noun for one or several, `a` or `an`."""

import re
from math import lcm

# words that sound as if they began with a vowel: by spelling; 8, 11 and 18; letters spelt out
_CONSONANT = (
    r"(?i:eu|ew|u(?:\b|bi|k[eu]?\b|kul|nani|ni[cfloqstv]|ri|s[aeu]|sb\b|t[eio])|on(?:c?e)\b)|US\b"
)
_VOWEL = r"(?i:[aeioué]|hour|honest|honou?r|heir)|8|1[18](?!\d)"
_SPELT = r"[FHLMNRSX](?:\b|[BCDFGHJKLMNPQRSTVWXZ]+\b)|(?:LED|MOT|SUV|RAF)\b"
# the article itself, not the letter: `a` anywhere, `A` where a sentence or a quotation begins
_ARTICLE = re.compile(
    r"(?:(?<![^\s\"'(-])a|(?:(?<=[.!?:/] )|(?<=[\"'(])|^)A)n?"
    rf"(?= [\"']?(?:(?P<vowel>(?!{_CONSONANT})(?:{_VOWEL}|{_SPELT}))|\w))"
)

# around a noun in the plural; anything else speaks of one thing
_BEFORE_SEVERAL = re.compile(r"\b(?:the|my|our|their|his|her|your)(?: old| new)? $", re.I)
_AFTER_SEVERAL = re.compile(
    r"[].!?,;:]|$| (?:and|or|in|on|at|for|from|with|to|since|home|away|I|we|came|arrived|broke"
    r"|made|gave|went|got|did|let|will|wouldn't|were)\b"
)
_ONE = re.compile(r"\b(?:it|its|itself|one|this|that|does|doesn't|is|isn't|has|hasn't)\b", re.I)


def option_numbers(sizes: list[int], copy: int) -> list[int]:
    """Which option each choice takes in this copy of a frame; `sizes` counts their options.

    The first `n` copies take all the options of a choice of `n`, and no two of the first
    `prod(sizes)` copies agree in every choice (the Chinese remainder theorem, with a step more
    wherever sizes have a divisor in common).
    """
    ways, numbers = 1, []
    for size in sizes:
        step = copy % (ways * size)
        numbers.append((step + step // lcm(ways, size)) % size)
        ways *= size
    return numbers


def is_plural(text: str, start: int, end: int) -> bool:
    """Whether a noun in the plural can stand at `start:end`: no word of the text says it is one."""
    return bool(
        _BEFORE_SEVERAL.search(text[:start])
        and _AFTER_SEVERAL.match(text[end:])
        and not _ONE.search(text)
    )


def mend_articles(text: str) -> str:
    """`a` or `an` as the next word sounds."""
    return _ARTICLE.sub(lambda found: found[0][0] + ("n" if found["vowel"] else ""), text)
