"""What is in a run directory: JSON, arrays, weights, versions."""

import json
import os

import numpy as np
import pytest

from seqtasks.tasks import run_directory, run_record
from seqtasks.tasks.errors import TaskError
from tests.tiny_ner import assert_same_arrays, tree


def test_json_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "metrics.json"
    run_directory.write_json(path, {"name": "Zoë 😀"})
    assert json.loads(path.read_bytes().decode("utf-8")) == {"name": "Zoë 😀"}
    with pytest.raises(TypeError):
        run_directory.write_json(path, {"name": object()})
    assert tree(tmp_path) == {"metrics.json": path.read_bytes()}
    assert json.loads(path.read_text("utf-8")) == {"name": "Zoë 😀"}


def test_a_name_that_is_no_utf_8_is_kept(tmp_path):
    """As the system gives it, of a file that was named long ago."""
    record = {"task": "ner", "data": {"source": os.fsdecode(b"caf\xe9 \\.conll")}}
    run_directory.write_json(tmp_path / "config.json", record)
    assert run_directory.read_config(tmp_path, "ner") == record


def test_arrays_come_back_bit_for_bit(tmp_path):
    arrays = {
        "a/b:0": np.array([[1.0, np.nan, -0.0, np.inf, 1e-45]], np.float32),
        "count": np.array(3, np.int64),
        "nothing": np.zeros((0, 4), np.float32),
        "text": np.array("Zoë"),
    }
    run_directory.save_arrays(tmp_path / "w.npz", arrays)
    found = run_directory.load_arrays(tmp_path / "w.npz")
    assert_same_arrays(found, arrays)
    assert np.signbit(found["a/b:0"][0, 2])
    assert [path.name for path in tmp_path.iterdir()] == ["w.npz"]


@pytest.mark.parametrize("cut", [0, 1, 30, 100, 200])
def test_arrays_that_are_cut_off_are_broken(tmp_path, cut):
    path = tmp_path / "w.npz"
    run_directory.save_arrays(path, {"a": np.arange(50.0)})
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(TaskError, match=r"w\.npz: broken \(.*\); train the model anew"):
        run_directory.load_arrays(path)


def test_arrays_that_are_missing_or_run_code_are_refused(tmp_path):
    with pytest.raises(TaskError, match=r"w\.npz: no such file"):
        run_directory.load_arrays(tmp_path / "w.npz")
    np.savez(tmp_path / "w.npz", a=np.array([{"pickled": 1}], object))
    with pytest.raises(TaskError, match="broken"):
        run_directory.load_arrays(tmp_path / "w.npz")
    np.save(tmp_path / "one.npy", np.zeros(3))
    with pytest.raises(TaskError, match="broken"):
        run_directory.load_arrays(tmp_path / "one.npy")


def test_versions_name_what_a_result_depends_on():
    versions = run_record.versions()
    assert {"seqtasks", "python", "tensorflow", "keras", "numpy"} <= versions.keys()
    assert all(versions.values())


def test_weights_go_from_one_network_to_another(tmp_path):
    import keras

    def network():
        return keras.Sequential(
            [
                keras.Input((3,)),
                keras.layers.Dense(4, name="one"),
                keras.layers.Dropout(0.5, name="drop"),
                keras.layers.Dense(2, name="two"),
            ],
            name="net",
        )

    one, other = network(), network()
    weights = run_directory.weights_of(one)
    assert len(weights) == 4  # the state of the dropout's generator is none
    path = tmp_path / "w.npz"
    run_directory.set_weights(other, weights, path)
    assert_same_arrays(run_directory.weights_of(other), weights)
    missing = {name: value for name, value in weights.items() if "two/bias" not in name}
    name = next(name for name in weights if "two/bias" in name)
    for wrong in (missing, {**weights, name: np.zeros(3, np.float32)}):
        with pytest.raises(TaskError, match=r"two/bias is missing or of another shape"):
            run_directory.set_weights(other, wrong, path)
