"""What docstrings say; that they are there, and their form, ruff looks after (rules D)."""

import ast
import importlib
import inspect
import re

import keras
import pytest

from seqtasks import layers
from tests.test_layout import MODULES

TOLD = {"DataError", "TaskError"}  # what a user can mend
TASKS = ("ner", "sentiment", "lm", "music")
VERBS = {
    f"{task}.{verb}": (task, verb)
    for task in TASKS
    for verb in importlib.import_module(f"seqtasks.tasks.{task}")._VERBS
}
EXPORTED = {
    name: value
    for name, value in vars(layers).items()
    if inspect.isclass(value) or inspect.isfunction(value)
}
CLASSES = {name: value for name, value in EXPORTED.items() if inspect.isclass(value)}


def unnamed(function, text):
    """The arguments of a function that a text does not name; those of Keras's own apart."""
    names = [name for name in inspect.signature(function).parameters if name != "self"]
    return [name for name in names if not re.search(rf"\b{name}\b", text)]


def public_functions(tree, within=()):
    """Every function that others may call, with the documentation of its class and its own."""
    for node in ast.iter_child_nodes(tree):
        if getattr(node, "name", "_").startswith("_"):
            continue
        if isinstance(node, ast.ClassDef):
            yield from public_functions(node, (ast.get_docstring(node) or "",))
        elif isinstance(node, ast.FunctionDef):
            yield node, "\n".join((*within, ast.get_docstring(node) or ""))


def raised(node):
    """The names of what a function raises itself; not what functions within it do."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Raise) and isinstance(child.exc, ast.Call):
            yield ast.unparse(child.exc.func)
        if not isinstance(child, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            yield from raised(child)


def silent(source):
    """The functions that raise what a user can mend, and do not say so."""
    return [
        (node.name, error)
        for node, text in public_functions(ast.parse(source))
        for error in TOLD & set(raised(node))
        if error not in text
    ]


@pytest.mark.parametrize("module", MODULES)
def test_errors_that_a_user_can_mend_are_documented(module):
    assert silent(MODULES[module].read_text("utf-8")) == []


def test_an_error_that_is_not_documented_is_found():
    body = "\n  if x:\n   raise TaskError('x')"
    assert silent(f"def f(x):\n  'Do.'{body}") == [("f", "TaskError")]
    assert silent(f"class A:\n 'An a.'\n def f(self, x):\n  'Do.'{body}") == [("f", "TaskError")]
    assert silent(f"def f(x):\n  'Raises TaskError.'{body}") == []
    assert silent(f"def _f(x):\n  'Do.'{body}") == []


@pytest.mark.parametrize("name", CLASSES)
def test_layers_name_their_arguments_shapes_and_errors(name):
    text = inspect.getdoc(CLASSES[name])
    assert unnamed(CLASSES[name].__init__, text) in ([], ["kwargs"])
    for name in ("Args:", "Raises:", "Reference"):
        assert name in text or "equations" in text, name
    assert re.search(r"\(batch, (time, )?\w+\)", text)


@pytest.mark.parametrize("name", CLASSES)
def test_methods_of_layers_name_what_is_not_keras_own(name):
    """Those that Keras asks for have Keras's arguments, which the class documents."""
    own = {
        key: value
        for key, value in vars(CLASSES[name]).items()
        if inspect.isfunction(value) and key[0] != "_" and not hasattr(keras.layers.RNN, key)
    }
    about = inspect.getdoc(CLASSES[name])
    for key, method in own.items():
        if key != "compute_output_spec":
            assert unnamed(method, f"{about}\n{inspect.getdoc(method)}") in ([], ["x"]), key


def test_functions_beside_the_layers_name_their_arguments():
    functions = {name: f for name, f in EXPORTED.items() if inspect.isfunction(f)}
    assert functions
    for name, function in functions.items():
        text = inspect.getdoc(function)
        text += (
            inspect.getdoc(layers.span_continuations) if "Arguments and errors are" in text else ""
        )
        assert unnamed(function, text) == [], name


@pytest.mark.parametrize("verb", VERBS)
def test_verbs_of_tasks_name_their_arguments(verb):
    task, name = VERBS[verb]
    function = getattr(importlib.import_module(f"seqtasks.tasks.{task}"), name)
    assert unnamed(function, inspect.getdoc(function)) == []
