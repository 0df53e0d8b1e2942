"""Fixtures of the command line's tests."""

from tests.cli.command_line import seqtasks as seqtasks
