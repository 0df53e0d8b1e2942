"""Names of TensorFlow Datasets that would run code from elsewhere."""

import pytest

from seqtasks.datasets.errors import DataError
from seqtasks.datasets.tfds import open_builder


@pytest.mark.parametrize(
    "name",
    [
        "huggingface:someone/theirs",
        "someone:theirs/config",
        "kaggle:theirs",
        "conll2003/data_dir=elsewhere",
        "conll2003,file_format=riegeli",
        "../theirs",
        "theirs.module",
        "",
        "conll2003 ",
        "conll2003\n",
    ],
)
def test_what_is_no_name_of_the_catalogue_is_refused_before_anything_is_imported(name, monkeypatch):
    import tensorflow_datasets as tfds

    for function in ("builder", "builder_cls"):
        monkeypatch.setattr(tfds, function, lambda *_, **__: pytest.fail("it was looked up"))
    with pytest.raises(DataError, match="name a set of the catalogue"):
        open_builder(f"tfds:{name}", name, None)
