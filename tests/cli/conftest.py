"""Fixtures of the command line's tests."""

import pytest
from click.testing import CliRunner

from seqtasks.cli.main import prepare_tensorflow, seqtasks_command
from tests.cli.command_line import seqtasks as seqtasks


@pytest.fixture
def run():
    """Runs a command by click's own runner; a usage error is told by exit code 2."""
    prepare_tensorflow()

    def run(*arguments, **options):
        return CliRunner().invoke(seqtasks_command, [str(a) for a in arguments], **options)

    return run


@pytest.fixture
def sentiment(run):
    """`run` with the commands of this task."""
    return lambda *arguments, **options: run("sentiment", *arguments, **options)


@pytest.fixture
def loaded_tagger(monkeypatch, tiny_run, tiny_tagger):
    """The run `tiny_run`, whose tagger need not be loaded for every command."""
    monkeypatch.setattr("seqtasks.tasks.ner.run.load", lambda _: tiny_tagger)
    return tiny_run.model


@pytest.fixture
def loaded_classifier(monkeypatch, tiny_sentiment, tiny_classifier):
    """The run `tiny_sentiment`, whose classifier need not be loaded for every command."""
    monkeypatch.setattr("seqtasks.tasks.sentiment.run.load", lambda _: tiny_classifier)
    return tiny_sentiment.model


@pytest.fixture
def loaded(monkeypatch, tiny_tagger, tiny_classifier, tiny_language_model, tiny_composer):
    """The models of the tiny runs need not be loaded for every command, whatever `--model` is."""
    for task, model in {
        "ner": tiny_tagger,
        "sentiment": tiny_classifier,
        "lm": tiny_language_model,
        "music": tiny_composer,
    }.items():
        monkeypatch.setattr(f"seqtasks.tasks.{task}.run.load", lambda _, model=model: model)


@pytest.fixture
def music(seqtasks, monkeypatch, tmp_path, tiny_music, tiny_composer):
    """`music("generate", …)` with the tiny run, whose model need not be loaded for every command.

    Each test has a working directory of its own.
    """
    monkeypatch.setattr("seqtasks.tasks.music.run.load", lambda _: tiny_composer)
    monkeypatch.chdir(tmp_path)

    def run(command, *arguments):
        return seqtasks("music", command, "--model", tiny_music.model, *arguments)

    return run
