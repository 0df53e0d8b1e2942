"""Where things live: which module may import which, how long files are, what `--help` loads."""

import ast
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TASKS = {"ner", "sentiment", "music", "lm"}
HEAVY = {"tensorflow", "keras", "numpy", "tensorflow_datasets", "matplotlib"}
HEAVY |= {"music21", "symusic", "pretty_midi", "scipy"}

# part of the package -> parts whose modules it may import, itself apart. `cli → tasks.<task> →
# tasks.<shared> → layers | datasets`; "root" is `seqtasks` itself, which holds the version.
MAY_IMPORT = {
    "root": set(),
    "layers": set(),
    "datasets": set(),
    "shared": {"layers", "datasets", "root"},
    "task": {"shared", "layers", "datasets", "root"},
    "cli": {"task", "shared", "layers", "datasets", "root"},
}

# of other packages: what a part must not import, and all that layers stand on
FOREIGN = {"datasets": {"keras"}, "root": HEAVY}
UNDER_LAYERS = {"keras", "tensorflow", "numpy", *sys.stdlib_module_names}


def part(module: str) -> str:
    """The part of the package that a module, or a name in it, belongs to."""
    names = module.split(".")[1:]
    if not names or names[0] not in {"cli", "tasks", "layers", "datasets"}:
        return "root"
    if names[0] != "tasks":
        return names[0]
    return "task" if TASKS & set(names[1:2]) else "shared"


def literal(node: ast.expr, module: str) -> str:
    """A string as far as the source says it: `f"{__name__}.{x}"` gives the module and a dot."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Name) and node.id == "__name__":
        return module
    if isinstance(node, ast.JoinedStr):
        known = ""
        for value in node.values:
            inner = value.value if isinstance(value, ast.FormattedValue) else value
            if not (piece := literal(inner, module)):
                break
            known += piece
        return known
    return ""


def absolute(name: str, level: int, package: str) -> str:
    """What `level` dots before `name` mean within `package`."""
    if not level:
        return name
    above = package.split(".")[: len(package.split(".")) - level + 1]
    return ".".join([*above, name] if name else above)


def imports(source: str, module: str, is_package: bool = False) -> Iterator[str]:
    """All modules that a source imports, at its top, within functions, and by a string."""
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = absolute(node.module or "", node.level, package)
            yield from (f"{origin}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and node.args:
            called = node.func.attr if isinstance(node.func, ast.Attribute) else None
            called = node.func.id if isinstance(node.func, ast.Name) else called
            if called in {"import_module", "__import__"}:
                name = literal(node.args[0], module)
                level = len(name) - len(name.lstrip("."))
                yield absolute(name.lstrip("."), level, package).rstrip(".")


def violations(source: str, module: str, is_package: bool = False) -> list[str]:
    """The imports of a source that point the wrong way."""
    here = part(module)
    wrong = []
    for name in imports(source, module, is_package):
        top = name.partition(".")[0]
        if top == "seqtasks":
            there = part(name)
            same = there == here
            if here == there == "task":  # the tasks do not import one another
                same = name.split(".")[2] == module.split(".")[2]
            if not same and there not in MAY_IMPORT[here]:
                wrong.append(name)
        elif top in FOREIGN.get(here, set()) or (here == "layers" and top not in UNDER_LAYERS):
            wrong.append(name)
    return wrong


def modules() -> dict[str, Path]:
    """Every module of the package, by its name."""
    found = {}
    for path in sorted((ROOT / "seqtasks").rglob("*.py")):
        names = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(names[:-1] if names[-1] == "__init__" else names)] = path
    return found


MODULES = modules()


def test_the_package_is_found():
    assert {part(module) for module in MODULES} == set(MAY_IMPORT)


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_one_way(module):
    path = MODULES[module]
    assert violations(path.read_text("utf-8"), module, path.name == "__init__.py") == []


@pytest.mark.parametrize(
    ("module", "source", "wrong"),
    [
        # datasets: no layer, no task, no Keras
        ("datasets.new", "import seqtasks.layers", ["seqtasks.layers"]),
        ("datasets.new", "from seqtasks.tasks.ner import Config", ["seqtasks.tasks.ner.Config"]),
        ("datasets.new", "from seqtasks import layers", ["seqtasks.layers"]),
        ("datasets.new", "from keras import ops", ["keras.ops"]),
        # layers: nothing of ours, the version included
        ("layers.new", "from seqtasks.datasets import tags", ["seqtasks.datasets.tags"]),
        ("layers.new", "from seqtasks import __version__", ["seqtasks.__version__"]),
        ("layers.new", "import math, click\nimport keras.ops", ["click"]),
        # what the tasks share: no task
        ("tasks.new", "from seqtasks.tasks import ner", ["seqtasks.tasks.ner"]),
        # a task: no other
        ("tasks.ner.new", "import seqtasks.tasks.lm", ["seqtasks.tasks.lm"]),
        (
            "tasks.lm",
            "from seqtasks.tasks.ner.data import Corpus",
            ["seqtasks.tasks.ner.data.Corpus"],
        ),
        # nobody: the command line
        ("tasks.ner.new", "import seqtasks.cli.main as m", ["seqtasks.cli.main"]),
        ("tasks.new", "from seqtasks import cli", ["seqtasks.cli"]),
        # within functions and branches, relative, by a string
        ("datasets.new", "def f():\n if 1:\n  import seqtasks.layers", ["seqtasks.layers"]),
        ("datasets.a.new", "from ...layers import GRU", ["seqtasks.layers.GRU"]),
        ("datasets.new", "from .. import cli", ["seqtasks.cli"]),
        ("layers.new", "import_module('seqtasks.tasks')", ["seqtasks.tasks"]),
        ("layers.new", "importlib.import_module(f'seqtasks.cli.{x}')", ["seqtasks.cli"]),
        ("datasets.new", "importlib.import_module('..layers', __package__)", ["seqtasks.layers"]),
        ("tasks.ner.new", "__import__('seqtasks.cli')", ["seqtasks.cli"]),
        # the root: nothing
        ("new", "import seqtasks.datasets, tensorflow", ["seqtasks.datasets", "tensorflow"]),
    ],
)
def test_a_wrong_import_is_found(module, source, wrong):
    assert violations(source, f"seqtasks.{module}") == wrong


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("cli.new", "from seqtasks.tasks import ner, training\nfrom seqtasks.datasets import tags"),
        ("cli.new", "import_module(f'seqtasks.cli.{name}')"),
        ("tasks.ner.new", "from seqtasks.tasks import training\nimport seqtasks.layers, keras"),
        ("tasks.ner.new", "from seqtasks.tasks.ner.data import Corpus\nfrom . import config"),
        ("tasks.ner.new", "import_module(f'{__name__}.{x}')"),
        ("tasks.new", "from seqtasks import __version__\nfrom seqtasks.datasets import tags"),
        ("layers.new", "import keras, tensorflow\nfrom seqtasks.layers import recurrent"),
        ("datasets.new", "import tensorflow, seqtasksother.cli\nfrom .tags import spans"),
    ],
)
def test_a_right_import_is_let_pass(module, source):
    assert violations(source, f"seqtasks.{module}") == []


def test_relative_imports_of_a_package_start_within_it():
    assert list(imports("from . import a", "seqtasks.cli", is_package=True)) == ["seqtasks.cli.a"]
    assert list(imports("from . import a", "seqtasks.cli.b")) == ["seqtasks.cli.a"]


def test_modules_are_named_for_what_they_hold():
    names = {name for module in MODULES for name in module.split(".")}
    assert not names & {"utils", "util", "helpers", "helper", "common", "misc"}


@pytest.mark.parametrize("module", MODULES)
def test_files_are_short(module):
    assert len(MODULES[module].read_text("utf-8").splitlines()) <= 320


HELP = [
    ["--help"],
    ["ner", "--help"],
    ["ner", "train", "--help"],
    ["sentiment", "train", "--help"],
    ["music", "train", "--help"],
]
SCRIPT = """
import sys
from seqtasks.cli import main
try:
    main()
except SystemExit as done:
    print(*sorted(name for name in sys.modules if "." not in name), file=sys.stderr)
    sys.exit(done.code)
"""


@pytest.mark.parametrize("arguments", HELP, ids=" ".join)
def test_help_loads_nothing_heavy(arguments):
    command = [sys.executable, "-c", SCRIPT, *arguments]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.startswith("Usage: seqtasks")
    loaded = set(done.stderr.split())
    assert "seqtasks" in loaded
    assert not loaded & HEAVY


def processor_seconds(command: list[str]) -> float:
    """Processor time that a command takes, its own and the system's for it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("arguments", HELP, ids=" ".join)
def test_help_is_quick(arguments):
    command = [sys.executable, "-c", SCRIPT, *arguments]
    # other work on the machine slows some: one of five will do
    assert any(processor_seconds(command) < 0.3 for _ in range(5))
