"""`docs/equations.md`: the code's names and shapes are the layers', and its answers are right."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest

from seqtasks.layers import CRF, GRU, LSTM, Bidirectional

PAGE = (Path(__file__).parents[2] / "docs" / "equations.md").read_text("utf-8")
FEATURES, UNITS, TAGS = 5, 3, 4
ROW = re.compile(r"\| (?P<symbol>.+) \| `(?P<code>.+)` \| `(?P<shape>.+)` \|")
QUESTION = "Harry Potter and Hermione Granger invented a new spell."
ANSWER = [1, 1, 0, 1, 1, 0, 0, 0, 0]

# heading -> its layer, and what has the weights
LAYERS = {
    "Basic RNN": (lambda: keras.layers.SimpleRNN(UNITS), lambda layer: layer.cell),
    "Simplified GRU": (lambda: GRU(UNITS, relevance_gate=False), lambda layer: layer.cell),
    "GRU": (lambda: GRU(UNITS), lambda layer: layer.cell),
    "LSTM": (lambda: LSTM(UNITS), lambda layer: layer.cell),
    "Peephole LSTM": (lambda: LSTM(UNITS, peephole=True), lambda layer: layer.cell),
    "Bidirectional": (lambda: Bidirectional(LSTM(UNITS)), lambda layer: layer),
    "Conditional random field": (lambda: CRF(TAGS), lambda layer: layer),
}


def section(heading):
    """The text under a heading, up to the next of its level."""
    _, found, rest = PAGE.partition(f"\n## {heading}\n")
    assert found, heading
    return rest.partition("\n## ")[0]


def rows(heading):
    """The rows of symbols, code and shapes in a section."""
    return [match.groupdict() for match in ROW.finditer(section(heading))]


@pytest.mark.parametrize("heading", LAYERS)
def test_weights_are_where_the_page_says(heading):
    make, owner = LAYERS[heading]
    layer = make()
    layer.build((None, None, TAGS if heading == "Conditional random field" else FEATURES))
    sizes = {"features": FEATURES, "units": UNITS, "num_tags": TAGS}
    found = rows(heading)
    assert found
    for row in found:
        names = {name: getattr(owner(layer), name, None) for name in dir(owner(layer))}
        value = eval(row["code"], {}, {**names, **sizes})
        assert tuple(value.shape) == eval(row["shape"], {}, sizes), row


@pytest.mark.parametrize("heading", [name for name in LAYERS if name != "Bidirectional"])
def test_the_page_leaves_no_weight_out(heading):
    make, owner = LAYERS[heading]
    layer = make()
    layer.build((None, None, TAGS if heading == "Conditional random field" else FEATURES))
    named = {re.match(r"\w+", row["code"])[0] for row in rows(heading)}
    assert named == {weight.name for weight in owner(layer).trainable_weights}


def test_every_section_with_weights_is_tested():
    headings = re.findall(r"(?m)^## (.+)$", PAGE)
    assert {heading for heading in headings if rows(heading)} == set(LAYERS)


def test_gate_is_as_long_as_the_state_whatever_the_vocabulary():
    """The notes' question, from the layer: Γu = 1 − z of 10,000 one-hot words and 100 units."""
    words, units = 10_000, 100
    layer = GRU(units, relevance_gate=False)
    layer.build((None, None, words))
    word = np.zeros((1, words), "float32")
    word[0, 4_242] = 1
    memory = np.ones((1, units), "float32")
    kernel, recurrent, bias = (np.asarray(w)[..., :units] for w in layer.get_weights())
    gamma_u = 1 - 1 / (1 + np.exp(-(word @ kernel + memory @ recurrent + bias)))
    assert gamma_u.shape == memory.shape == (1, 100)
    candidate = np.tanh(
        word @ layer.get_weights()[0][:, units:]
        + memory @ layer.get_weights()[1][:, units:]
        + layer.get_weights()[2][units:]
    )
    expected = gamma_u * candidate + (1 - gamma_u) * memory  # as the notes write it
    output = layer(word[:, None], initial_state=memory)
    np.testing.assert_allclose(output, expected, rtol=1e-5, atol=1e-6)


def test_signs_turned_round_carry_the_notes_gate_over():
    """1 − σ(a) = σ(−a): what the page says of weights that another form of the unit has."""
    generator = np.random.default_rng(1)
    x, h = generator.normal(size=(2, FEATURES)), generator.normal(size=(2, UNITS))
    w_u, u_u = generator.normal(size=(FEATURES, UNITS)), generator.normal(size=(UNITS, UNITS))
    w_c, u_c = generator.normal(size=(FEATURES, UNITS)), generator.normal(size=(UNITS, UNITS))
    gamma_u = 1 / (1 + np.exp(-(x @ w_u + h @ u_u)))
    notes = gamma_u * np.tanh(x @ w_c + h @ u_c) + (1 - gamma_u) * h
    layer = GRU(UNITS, relevance_gate=False, use_bias=False)
    layer.build((None, None, FEATURES))
    layer.set_weights([np.hstack([-w_u, w_c]), np.hstack([-u_u, u_c])])
    ours = layer(x[:, None].astype("float32"), initial_state=h.astype("float32"))
    np.testing.assert_allclose(ours, notes, rtol=1e-5, atol=1e-5)


def test_the_pages_table_answers_the_notes_question():
    table = section("Outputs and losses")
    cells = {
        name: [cell.strip() for cell in line.strip("| ").split("|")]
        for name, line in re.findall(r"(?m)^\| (word|tag|y) \|(.*)$", table)
    }
    assert " ".join(cells["word"]).replace(" .", ".") == QUESTION
    said = [cell for cell in cells["y"] if cell]
    shown = dict(enumerate(cells["tag"]))
    assert said == [str(int(shown[i].endswith("-PER"))) for i in range(len(said))]
    assert list(map(int, said)) == ANSWER
    assert f"y = {ANSWER}".replace(",", "") in table
