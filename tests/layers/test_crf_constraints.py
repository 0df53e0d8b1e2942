"""The constraints of each scheme against a reading of whole paths."""

import itertools
import re

import pytest

from seqtasks.layers.crf_constraints import span_continuations, transition_constraints

# a tag sequence is well-formed when its letters, one a step, match: lower case is the type
PATTERNS = {
    "IOB2": r"(O|Bx(Ix)*|By(Iy)*)+",
    "IOBES": r"(O|Sx|Sy|Bx(Ix)*Ex|By(Iy)*Ey)+",
    "BILOU": r"(O|Ux|Uy|Bx(Ix)*Lx|By(Iy)*Ly)+",
}


@pytest.mark.parametrize("scheme", PATTERNS)
def test_exactly_the_well_formed_paths_are_allowed(scheme: str) -> None:
    prefixes = {"IOB2": "BI", "IOBES": "BIES", "BILOU": "BILU"}[scheme]
    tags = ["O"] + [f"{prefix}-{kind}" for kind in "xy" for prefix in prefixes]
    rules = transition_constraints(tags, scheme)
    for time in (1, 2, 3, 4):
        for path in itertools.product(range(len(tags)), repeat=time):
            written = "".join(tags[tag].replace("-", "") for tag in path)
            forbidden = (
                rules["forbidden_starts"][path[0]]
                or rules["forbidden_ends"][path[-1]]
                or any(rules["forbidden_transitions"][i][j] for i, j in itertools.pairwise(path))
            )
            assert forbidden == (re.fullmatch(PATTERNS[scheme], written) is None), written


def test_continuations() -> None:
    tags = ["O", "B-a-b", "I-a-b", "I-c"]
    assert span_continuations(tags) == [
        [False, False, False, False],
        [False, False, True, False],
        [False, False, True, False],
        [False, False, False, True],
    ]


@pytest.mark.parametrize(
    ("tags", "scheme", "message"),
    [
        (["O"], "IOB9", "`scheme` must be one of IOB2, IOBES, BILOU, got 'IOB9'"),
        (["O", "S-x"], "IOB2", "`tags` must be O or one of B, I, .* got 'S-x'"),
        (["O", "B-"], "IOB2", "got 'B-'"),
        (["O", "B"], "IOB2", "got 'B'"),
        (["O", ""], "IOB2", "got ''"),
        (["O", "O"], "IOB2", "`tags` must be different"),
    ],
)
def test_errors(tags: list[str], scheme: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        transition_constraints(tags, scheme)
