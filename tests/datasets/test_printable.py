"""What a terminal is given of strangers' strings."""

import pytest

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.printable import LONGEST_LINE, one_line, printable
from seqtasks.tasks.errors import TaskError


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("naïve — 😀\u200d😀\tand\na line", "naïve — 😀\u200d😀\tand\na line"),
        # the escape character, in seven bits and in eight; backspace, bell, deletion
        ("\x1b[2J", r"\x1b[2J"),
        ("\x9b2J\x08\x07\x7f", r"\x9b2J\x08\x07\x7f"),
        # a line feed is text, the return before it is none
        ("a\r\nb", "a\\r\nb"),
        # what turns the direction of writing; half of a surrogate pair
        ("\u202eabc\u2066", r"\u202eabc\u2066"),
        ("\ud83d", r"\ud83d"),
    ],
)
def test_what_a_terminal_takes_for_a_command_is_shown(text, shown):
    assert printable(text) == shown


def test_an_error_is_one_line_of_bounded_length():
    assert one_line("a\nb\u2028c\x85d") == "a b c d"
    for error in (DataError("f\x1b", "x" * 10**6, "mend\nit", 3), TaskError("f\x1b" + "x" * 10**6)):
        assert len(str(error)) <= LONGEST_LINE and "\x1b" not in str(error)
    # of a long problem the end is cut off, not the mend
    assert str(DataError("f", "x" * 10**6, "mend\nit")).endswith("x…; mend it")
