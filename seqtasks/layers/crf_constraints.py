"""What tagging schemes allow: which tag goes on with a span, and which must not follow which."""

from collections.abc import Sequence

# Which prefixes go on with a span that an earlier tag opened, and which must not be the last of
# one. The prefixes B and I leave a span open; all others, O included, close it.
_SCHEMES = {
    "IOB2": {"all": "BI", "inside": "I", "unfinished": ""},
    "IOBES": {"all": "BIES", "inside": "IE", "unfinished": "BI"},
    "BILOU": {"all": "BILU", "inside": "IL", "unfinished": "BI"},
}


def span_continuations(tags: Sequence[str], scheme: str = "IOB2") -> list[list[bool]]:
    """Which tag carries on a span after which: I-PER after B-PER or I-PER.

    Args:
        tags: the tag names, in the order of their numbers: "O", "B-PER", ….
        scheme: "IOB2" (B begins every span, I goes on), "IOBES" (also E for the last step of a
            span and S for a span of one) or "BILOU" (the same with L and U).

    Returns:
        A square list; `[i][j]` says whether tag j carries on the span of tag i.

    Raises:
        ValueError: a scheme or a tag that is not among these, or a tag that occurs twice.
    """
    if scheme not in _SCHEMES:
        raise ValueError(f"`scheme` must be one of {', '.join(_SCHEMES)}, got {scheme!r}")
    if len(set(tags)) < len(tags):
        raise ValueError(f"`tags` must be different from each other, got {list(tags)}")
    rules = _SCHEMES[scheme]
    split = [tag.partition("-") for tag in tags]
    for tag, (prefix, _, kind) in zip(tags, split, strict=True):
        if tag != "O" and not (len(prefix) == 1 and prefix in rules["all"] and kind):
            raise ValueError(
                f"`tags` must be O or one of {', '.join(rules['all'])}, a hyphen and a type in "
                f"{scheme}, got {tag!r}"
            )
    return [
        [before in "BI" and after in rules["inside"] and kind == of for after, _, of in split]
        for before, _, kind in split
    ]


def transition_constraints(tags: Sequence[str], scheme: str = "IOB2") -> dict[str, list]:
    """What a tagging scheme forbids, as arguments of `CRF`.

        crf = CRF(len(tags), **transition_constraints(tags, "IOBES"))

    Arguments and errors are those of `span_continuations`.

    Returns:
        `forbidden_transitions`, a square list whose `[i][j]` says that tag j must not follow tag
        i; `forbidden_starts` and `forbidden_ends`, which say it of the first and the last tag.
    """
    continues = span_continuations(tags, scheme)
    inside = [tag[0] in _SCHEMES[scheme]["inside"] for tag in tags]
    unfinished = [tag[0] in _SCHEMES[scheme]["unfinished"] for tag in tags]
    return {
        "forbidden_transitions": [
            [not joined and (opens or goes_on) for joined, goes_on in zip(row, inside, strict=True)]
            for row, opens in zip(continues, unfinished, strict=True)
        ],
        "forbidden_starts": inside,
        "forbidden_ends": unfinished,
    }
