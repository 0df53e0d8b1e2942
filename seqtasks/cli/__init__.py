"""The command line: parse, call one function of a task, print."""

from seqtasks.cli.main import main as main
