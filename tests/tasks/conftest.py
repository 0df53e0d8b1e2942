"""Exports of runs that nobody trained."""

import pytest


@pytest.fixture(scope="session")
def random_export(tmp_path_factory):
    """`random_export("ner", "gru")`, as `tests.random_runs.export`; each made once a process."""
    from tests.random_runs import CELLS, MORE, export

    made = {}

    def of(task, cell):
        if (task, cell) not in made:
            settings = {**CELLS[cell], **MORE.get((task, cell), {})}
            place = tmp_path_factory.mktemp(f"{task}_{cell}")
            made[task, cell] = export(task, place, **settings)
        return made[task, cell]

    yield of
    for directory, _ in made.values():  # so that they can be removed
        for path in [directory, *directory.rglob("*")]:
            path.chmod(0o755)
