"""How `seqtasks music` prints figures, and what it says of new pieces."""

import json
from collections.abc import Sequence
from typing import Any

import click


def table(scores: dict[str, Any]) -> str:
    """Figures for people."""
    rows = [
        ("nats a time step", f"{scores['nll_per_step']:.4f}"),
        ("nats a note", f"{scores['nll_per_note']:.4f}"),
        ("nats a piece for its end", f"{scores['nll_per_ending']:.3f}"),
        ("frame accuracy", f"{100 * scores['frame_accuracy']:.1f}%"),
        ("time steps", f"{scores['steps']:,}"),
        ("notes", f"{scores['notes']:,}"),
        ("pieces", f"{scores['pieces']:,}"),
    ]
    wide = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:{wide}}  {value:>9}" for name, value in rows)
