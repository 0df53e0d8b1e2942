"""Settings: a frozen dataclass, checked, and read from JSON and TOML."""

from dataclasses import dataclass

import pytest

from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.settings import kind, read_settings, setting, validate


@dataclass(frozen=True)
class Settings:
    units: int = setting(10, "units", minimum=1)
    rate: float = setting(0.1, "a rate", minimum=0, maximum=1)
    cell: str = setting("lstm", "a cell", choices=("gru", "lstm"))
    deep: bool = setting(True, "whether")
    epochs: int | None = setting(None, "epochs", minimum=1, automatic="by the data")
    file: str | None = setting(None, "a file")
    peephole: bool | None = setting(None, "whether", automatic="off")


def test_defaults_are_valid():
    validate(Settings())


@pytest.mark.parametrize(
    "settings",
    [
        # the ends of closed ranges
        {"units": 1},
        {"rate": 0},
        {"rate": 1},
        {"rate": 1.0},
        # a whole number where a number is wanted
        {"rate": 0},
        {"cell": "gru"},
        {"deep": False},
        {"epochs": 1},
        {"epochs": None},
        {"file": "vectors.txt"},
        {"file": None},
        {"peephole": True},
        {"units": 2**31 - 1},
    ],
)
def test_what_is_allowed_passes(settings):
    validate(Settings(**settings))


REFUSED = [
    ("units", 0, "must be at least 1, got 0"),
    ("units", -3, "must be at least 1, got -3"),
    ("units", 2.0, "must be a whole number, got 2.0"),
    # what no int32 holds, so that it would fail later, in another place
    ("units", 2**31, "must be at most 2147483647, got 2147483648"),
    ("units", "8", "must be a whole number, got '8'"),
    ("units", True, "must be a whole number, got True"),
    ("units", None, "must be a whole number, got None"),
    ("rate", -0.1, "must be at least 0, got -0.1"),
    ("rate", 1.5, "must be at most 1, got 1.5"),
    ("rate", "0.1", "must be a number, got '0.1'"),
    ("rate", False, "must be a number, got False"),
    ("rate", float("nan"), "must be a finite number, got nan"),
    ("rate", float("inf"), "must be a finite number, got inf"),
    ("cell", "elman", "must be one of gru, lstm, got 'elman'"),
    ("cell", "LSTM", "must be one of gru, lstm, got 'LSTM'"),
    ("cell", 1, "must be a string, got 1"),
    ("deep", 1, "must be true or false, got 1"),
    ("deep", "yes", "must be true or false, got 'yes'"),
    ("deep", None, "must be true or false, got None"),
    ("epochs", 0, "must be at least 1, got 0"),
    ("epochs", [3], "must be a whole number, got [3]"),
    ("file", 3, "must be a string, got 3"),
    ("peephole", "no", "must be true or false, got 'no'"),
]


@pytest.mark.parametrize(("name", "value", "message"), REFUSED)
def test_what_is_not_allowed_is_told_by_its_name(name, value, message):
    with pytest.raises(TaskError) as error:
        validate(Settings(**{name: value}))
    assert str(error.value) == f"`{name}` {message}"


@pytest.mark.parametrize(
    ("name", "type_"),
    [("units", int), ("rate", float), ("cell", str), ("deep", bool), ("epochs", int)],
)
def test_the_type_of_a_field_is_found_behind_none(name, type_):
    (field,) = (f for f in Settings.__dataclass_fields__.values() if f.name == name)
    assert kind(field) is type_


@pytest.mark.parametrize(
    ("file", "content", "settings"),
    [
        ("c.json", '{"units": 3, "cell": "gru"}', {"units": 3, "cell": "gru"}),
        ("c.json", "{}", {}),
        ("c.json", '{"epochs": null, "rate": 1}', {"epochs": None, "rate": 1}),
        # any other suffix is JSON
        ("c.txt", '{"deep": false}', {"deep": False}),
        (
            "c.toml",
            'units = 3\ncell = "gru"\ndeep = false\n',
            {"units": 3, "cell": "gru", "deep": False},
        ),
        ("C.TOML", "# nothing\n", {}),
        ("c.json", '{"file": "Zoë.txt"}', {"file": "Zoë.txt"}),
    ],
)
def test_files_of_settings(tmp_path, file, content, settings):
    path = tmp_path / file
    path.write_text(content, "utf-8")
    assert read_settings(path, Settings) == settings


def test_names_may_be_written_as_the_options_are(tmp_path):
    @dataclass(frozen=True)
    class Two:
        batch_size: int = setting(1, "sentences")

    for name, content in (("a.json", '{"batch-size": 4}'), ("a.toml", "batch-size = 4\n")):
        (tmp_path / name).write_text(content)
        assert read_settings(tmp_path / name, Two) == {"batch_size": 4}


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("c.json", b"", "no valid JSON"),
        ("c.json", b'{"units": 3', "no valid JSON"),
        ("c.json", b"units = 3", "no valid JSON"),
        ("c.toml", b'{"units": 3}', "no valid TOML"),
        ("c.toml", b"units = 3\nunits = 4\n", "no valid TOML"),
        ("c.json", '{"file": "Zoë"}'.encode("latin-1"), "no valid JSON"),
        ("c.toml", 'file = "Zoë"'.encode("latin-1"), "no valid TOML"),
        ("c.json", b"[" * 100_000, "no valid JSON"),
        ("c.json", b'{"units": ' + b"9" * 10_000 + b"}", "no valid JSON"),
        ("c.json", b"[1, 2]", "expected a table of settings, got list"),
        ("c.json", b"null", "expected a table of settings, got NoneType"),
        ("c.json", b'{"unit": 3}', "no setting is called 'unit'; there are units, rate, cell"),
        # a table within the table is no setting of ours
        ("c.toml", b"[train]\nunits = 3\n", "no setting is called 'train'"),
        ("c.json", b'{"units": 0}', "`units` must be at least 1, got 0"),
        ("c.json", b'{"units": null}', "`units` must be a whole number, got None"),
        ("c.json", b'{"rate": NaN}', "`rate` must be a finite number"),
        ("c.toml", b"rate = inf", "`rate` must be a finite number"),
        ("c.toml", b"deep = 1", "`deep` must be true or false, got 1"),
        # what Python refuses to write in decimals, or tables in tables to write at all
        (
            "c.toml",
            b"units = 0x" + b"f" * 10_000,
            "`units` must be at most 2147483647, got int",
        ),
        (
            "c.toml",
            b"units." + b"a." * 3_000 + b"b = 1",
            "`units` must be a whole number, got d",
        ),
        ("c.json", b" " * 2**20 + b"{}", "larger than 1 MiB"),
    ],
)
def test_a_file_that_is_wrong_is_told_with_what_is_wrong(tmp_path, file, content, message):
    path = tmp_path / file
    path.write_bytes(content)
    with pytest.raises(TaskError) as error:
        read_settings(path, Settings)
    assert str(error.value).startswith(f"{path}: {message}")


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    for path in (tmp_path / "nothing.json", tmp_path):
        with pytest.raises(TaskError) as error:
            read_settings(path, Settings)
        assert str(error.value).startswith(f"{path}: ")
        assert "--config" in str(error.value)
