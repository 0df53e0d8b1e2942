"""The entry point itself: exit codes, one line for an error, a reader that goes away."""

import io

import pytest

from tests.tiny_ner import TEXTS


def test_main_answers_and_leaves_with_0(seqtasks, loaded_tagger):
    code, out, err = seqtasks("ner", "predict", "--model", loaded_tagger, TEXTS[0])
    assert (code, err) == (0, "")
    assert out == "[PER Ada Lovelace] met [PER Tim] in [LOC Oslo] .\n"
    code, out, err = seqtasks("--version")
    assert (code, err) == (0, "")
    assert "version" in out


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, FloatingPointError("the loss")])
def test_main_tells_in_one_line_what_happened(seqtasks, loaded_tagger, monkeypatch, error):
    def fail(**_):
        raise error

    monkeypatch.setattr("seqtasks.tasks.ner.evaluation.evaluate", fail)
    code, out, err = seqtasks("ner", "evaluate", "--model", loaded_tagger)
    assert code == (130 if error is KeyboardInterrupt else 1)
    assert out == ""
    # click ends the line of ^C first
    (line,) = err.removeprefix("\n").splitlines()
    assert line.startswith("Error: ")


def test_main_does_not_hide_a_defect_of_ours(seqtasks, loaded_tagger, monkeypatch):
    monkeypatch.setattr("seqtasks.tasks.ner.evaluation.evaluate", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        from seqtasks.cli.main import main

        monkeypatch.setattr(
            "sys.argv", ["seqtasks", "ner", "evaluate", "--model", str(loaded_tagger)]
        )
        main()


def test_a_reader_that_goes_away_is_no_error(loaded_tagger, monkeypatch):
    """As `seqtasks ner predict … | head -1` has it."""
    import os
    import signal

    from seqtasks.cli import main

    class Closed(io.StringIO):
        def fileno(self):
            return os.open(os.devnull, os.O_WRONLY)

        def write(self, _):
            raise BrokenPipeError

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(
        "sys.argv", ["seqtasks", "ner", "predict", "--model", str(loaded_tagger), TEXTS[0]]
    )
    monkeypatch.setattr("sys.stdout", Closed())
    with pytest.raises(SystemExit) as end:
        main()
    signal.signal(signal.SIGTERM, before)
    assert end.value.code == 0
