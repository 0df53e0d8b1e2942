"""Sets of TensorFlow Datasets that a test can afford, and what is the same in tests of readers."""

# ruff: noqa: RUF012 - a builder is described by class attributes
import pytest
import tensorflow_datasets as tfds

from seqtasks.datasets import network
from seqtasks.datasets.errors import DataError


class Tiny(tfds.core.GeneratorBasedBuilder):
    """A set from memory: its features, its rows by split, and the keys to learn from, if any."""

    VERSION = tfds.core.Version("1.0.0")
    FEATURES: dict = {}
    KEYS = None
    ROWS: dict = {}

    def _info(self):
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(self.FEATURES), supervised_keys=self.KEYS
        )

    def _split_generators(self, dl_manager):
        return {split: self._generate_examples(rows) for split, rows in self.ROWS.items()}

    def _generate_examples(self, rows):
        yield from enumerate(rows)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """Where the sets of a module are prepared."""
    return tmp_path_factory.mktemp("tfds")


@pytest.fixture
def no_network(monkeypatch):
    """Every connection is refused."""

    def refuse(address, timeout):
        raise OSError

    monkeypatch.setattr(network.socket, "create_connection", refuse)


def assert_one_line(read, name, data_dir, problem, mend):
    """Reading a set fails with one line that tells the problem first, then the mend."""
    with pytest.raises(DataError) as error:
        read(name, data_dir)
    message = str(error.value)
    told, _, advice = message.partition("; ")
    assert told.startswith(f"tfds:{name}: ")
    assert problem in told
    assert mend in advice
    assert "\n" not in message
