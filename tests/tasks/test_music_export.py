"""The exported music model: TensorFlow alone, and the pieces of the run."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from seqtasks.tasks import music, saved_model
from seqtasks.tasks.errors import TaskError
from tests.tasks.scrambled_composer import KINDS, composer, written

STEPS = 20
GENRES = {"voices": [0, 1, 8, 22, 0], "sets": [0, 1, 1, 0, 0]}
WAYS = {
    "drawn": {},
    "again": {},
    "other": {"seed": 4},
    "likeliest": {"temperature": 0.0},
    "probable": {"top_p": 0.5},
    "longer": {"steps": 70},
    "one": {"steps": 1},
}
SPEAK = {"steps": STEPS, "temperature": 0.9, "top_p": 0.95, "seed": 3}
EVERY = pytest.mark.parametrize("kind", KINDS)

# Loads models where neither seqtasks nor keras can be imported, and says what they answer.
PROGRAM = """
import json, sys
for name in ("seqtasks", "keras"):
    sys.modules[name] = None
import tensorflow as tf
given = json.load(sys.stdin)
def specs(some):
    return {name: [spec.dtype.name, spec.shape.as_list()] for name, spec in some.items()}
def plain(answer):
    return {name: value.numpy().tolist() for name, value in answer.items()}
results = {}
for kind, directory in given["models"].items():
    signatures = tf.saved_model.load(directory).signatures
    whole, step = signatures["serving_default"], signatures["step"]
    result = results[kind] = {"signatures": {
        name: [specs(call.structured_input_signature[1]), specs(call.structured_outputs)]
        for name, call in signatures.items()
    }}
    for way, settings in given["ways"].items():
        wish = {"genre": tf.constant(given["genres"][kind]),
                **{name: tf.constant(value) for name, value in settings.items()}}
        result[way] = plain(whole(**wish))
        result[way + ", alone"] = plain(whole(**{**wish, "genre": wish["genre"][:1]}))
        unknown = tf.constant([-1, 1000, 2**31 - 1])
        result[way + ", unknown"] = plain(whole(**{**wish, "genre": unknown}))
        state = {}
        for name, spec in step.structured_input_signature[1].items():
            if name in ("notes", "struck") or name.startswith("state_"):
                state[name] = tf.zeros((len(given["genres"][kind]), *spec.shape[1:]), spec.dtype)
        rows = []
        for t in range(settings["steps"]):
            state = step(**wish, step=tf.constant(t), **state)
            rows.append(plain({name: state[name] for name in ("notes", "struck")}))
        result[way + ", by steps"] = rows
print(json.dumps(results))
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The directories of an export, by kind; what `export` itself would check is checked below."""
    place, made = tmp_path_factory.mktemp("exports"), {}
    with pytest.MonkeyPatch.context() as patch:
        for kind in KINDS:
            asked = []
            patch.setattr(
                saved_model, "verify", lambda _, *calls, asked=asked: asked.extend(calls) or []
            )
            run = written(place / "runs" / kind, kind)
            made[kind], pieces = music.export(run, place / kind)
            assert [(call.signature, len(call.inputs["genre"])) for call in asked] == [
                ("serving_default", pieces),
                ("step", pieces),
            ]
            assert all(set(call.expected) >= {"notes", "struck"} for call in asked)
    return made


@pytest.fixture(scope="module")
def fresh(exported, tmp_path_factory):
    """What a fresh process says of the exports: signatures, and pieces by settings."""
    given = {
        "models": {kind: str(directory) for kind, directory in exported.items()},
        "genres": GENRES,
        "ways": {name: {**SPEAK, **settings} for name, settings in WAYS.items()},
    }
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        cwd=tmp_path_factory.mktemp("elsewhere"),
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def pieces_of(answer):
    """Notes and struck of each piece, up to its end."""
    rows = zip(answer["notes"], answer["struck"], answer["length"], strict=True)
    return [(notes[:n], struck[:n]) for notes, struck, n in rows]


def test_the_directory_is_a_version_that_can_be_served(exported):
    directory = exported["voices"]
    assert directory.name == "1"
    assert {p.name for p in directory.iterdir()} >= {"saved_model.pb", "variables", "seqtasks.json"}
    assert [path.name for path in directory.parent.iterdir()] == ["1"]  # nothing half-written
    record = json.loads((directory / "seqtasks.json").read_text("utf-8"))
    assert (record["task"], record["config"]["cell"]) == ("music", "lstm")


@EVERY
def test_the_signatures_have_names_types_and_shapes(fresh, kind):
    model = composer(kind)
    width, units = model.notation.width, model.config.units
    whole, real = ["int32", []], ["float32", []]
    wish = {"genre": ["int32", [None]], "steps": whole, "temperature": real, "top_p": real}
    wish["seed"] = whole
    states = {f"state_0_{i}": ["float32", [None, units]] for i in range(1 + (kind == "voices"))}
    tones = {"notes": ["int32", [None, width]], "struck": ["bool", [None, width]]}
    given = {**wish, **tones, **states, "step": whole}
    wide = {name: [dtype, [None, None, width]] for name, (dtype, _) in tones.items()}
    assert fresh[kind]["signatures"] == {
        "serving_default": [wish, {**wide, "length": ["int32", [None]]}],
        "step": [given, {**tones, **states}],
    }


@pytest.mark.parametrize("way", WAYS)
@EVERY
def test_pieces_are_those_of_the_run(fresh, kind, way):
    answer, settings = fresh[kind][way], {**SPEAK, **WAYS[way]}
    assert all(len(notes) == settings["steps"] for notes in answer["notes"])
    for i, (genre, (notes, struck)) in enumerate(zip(GENRES[kind], pieces_of(answer), strict=True)):
        piece = composer(kind).generate(num=i + 1, genre=genre, **settings)[i]
        assert notes == piece.pitches.tolist()
        assert struck == piece.struck.tolist()
        # behind its end there is nothing
        assert not np.any(answer["notes"][i][len(piece) :])
        assert not np.any(answer["struck"][i][len(piece) :])


@pytest.mark.parametrize("way", [way for way in WAYS if way != "one"])
@EVERY
def test_steps_one_after_the_other_are_the_piece(fresh, kind, way):
    rows = fresh[kind][way + ", by steps"]
    for i, (notes, struck) in enumerate(pieces_of(fresh[kind][way])):
        if len(notes) == len(rows):
            assert np.any(notes[:-1])  # otherwise the last must sound, which a step need not
        assert [row["notes"][i] for row in rows][: len(notes)] == notes
        assert [row["struck"][i] for row in rows][: len(notes)] == struck


@pytest.mark.parametrize("way", WAYS)
@EVERY
def test_a_piece_does_not_depend_on_the_others(fresh, kind, way):
    assert pieces_of(fresh[kind][way + ", alone"]) == pieces_of(fresh[kind][way])[:1]


@EVERY
def test_a_genre_that_there_is_not_is_none(fresh, kind):
    for way in ("drawn", "likeliest"):
        settings = {**SPEAK, **WAYS[way]}
        drawn = composer(kind).generate(num=3, genre=0, **settings)
        found = pieces_of(fresh[kind][way + ", unknown"])
        assert [notes for notes, _ in found] == [piece.pitches.tolist() for piece in drawn]


@EVERY
def test_the_settings_do_what_they_say(fresh, kind):
    spoken = {way: pieces_of(fresh[kind][way]) for way in WAYS}
    assert spoken["again"] == spoken["drawn"]
    assert all(spoken[way] != spoken["drawn"] for way in ("other", "likeliest", "probable"))
    if kind == "voices":  # these count down
        assert {len(notes) for notes, _ in spoken["longer"]} == {70}
    else:  # these end when they want to
        assert len({len(notes) for notes, _ in spoken["longer"]}) > 1


@pytest.mark.parametrize("name", ["notes", "state_0_0"])
def test_a_model_that_does_something_else_is_refused(exported, tmp_path, monkeypatch, name):
    """The fresh process is played by its answers, which are those of the run but for one."""
    run, out = exported["sets"].parents[1] / "runs" / "sets", tmp_path / "out"
    monkeypatch.setattr("seqtasks.tasks.music.exporting.load", lambda _: composer("sets"))
    monkeypatch.setattr(saved_model.tf.saved_model, "save", lambda *_, **__: None)
    real, checked = saved_model.verify, []

    def verify(directory, *calls):
        answers = []
        for signature, _, expected in calls:
            answers.append({key: value.numpy().tolist() for key, value in expected.items()})
            if name in expected:
                answers[-1][name] = (expected[name].numpy() + 1).tolist()
            checked.append(signature)
        process = subprocess.CompletedProcess([], 0, json.dumps(answers), "")
        monkeypatch.setattr(saved_model.subprocess, "run", lambda *_, **__: process)
        return real(directory, *calls)

    monkeypatch.setattr(saved_model, "verify", verify)
    with pytest.raises(TaskError, match=f"`{name}` is not what the run gives"):
        music.export(run, out)
    assert checked == ["serving_default", "step"]
    assert [path.name for path in out.iterdir()] == ["refused"]


def test_what_is_no_run_cannot_be_exported(tmp_path):
    with pytest.raises(TaskError, match="no such directory"):
        music.export(tmp_path / "run", tmp_path / "out")
    assert not (tmp_path / "out").exists()
