"""Whatever is in a file of settings, it is read or refused in one line."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.tasks.lm.config import Config as LanguageModel
from seqtasks.tasks.music.config import Config as Music
from seqtasks.tasks.ner.config import Config as Tagger
from seqtasks.tasks.sentiment.config import Config as Classifier
from seqtasks.tasks.settings import read_settings, validate
from tests.hostile import answer, as_json, files, values, written

VALID = {
    ".json": [b'{"units": 8, "cell": "gru", "dropout": 0.1}', b'{"batch-size": 4}'],
    ".toml": [b'units = 8\ncell = "gru"\n', b"batch-size = 4 # a\r\nlearning_rate = 1e-3\n"],
}


@pytest.mark.parametrize("config", [Tagger, Classifier, LanguageModel, Music])
@given(drawn=st.data())
def test_settings_are_read_or_refused(config, drawn):
    suffix = drawn.draw(st.sampled_from([*VALID]))
    names = [field.name for field in dataclasses.fields(config)]
    some = st.dictionaries(st.one_of(st.sampled_from(names), st.text(max_size=5)), values(1))
    data = drawn.draw(st.one_of(files(VALID[suffix]), some.map(as_json)))
    found = answer(read_settings, written(data, f"c{suffix}"), config)
    if found is not None:
        assert set(found) <= set(names)
        validate(config(**found))
