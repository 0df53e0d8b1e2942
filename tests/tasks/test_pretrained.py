"""First values of the words' vectors."""

import numpy as np

from seqtasks.datasets.vocabulary import Vocabulary
from seqtasks.tasks.ner.config import Config
from seqtasks.tasks.pretrained import pretrained


def test_where_no_word_has_a_vector_all_are_drawn(tmp_path):
    """A file in another language, say: no mean and no spread, but numbers."""
    file, said = tmp_path / "vectors.txt", []
    file.write_text("ψ 1 2 3\nω 4 5 6\n", "utf-8")
    config = Config(embeddings=str(file), embedded_words=0)
    vocabulary = Vocabulary(("oslo", "paris"), (2, 1), "")
    config, vocabulary, values = pretrained(config, vocabulary, ["Oslo", "Paris"], said.append)
    assert config.word_size == 3
    assert vocabulary.words == ("oslo", "paris")
    assert values.shape == (2, 3)
    assert np.isfinite(values).all()
    assert len(np.unique(values)) == 6
    assert "0 vectors of 3 numbers; they cover 0.0% of the training words" in said[0]
