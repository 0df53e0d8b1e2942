"""Draw what a trained tagger finds in some sentences, as a PNG.

python benchmarks/picture.py --model runs/ner --out docs/ner.png "Ada met Tim in Oslo."
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

COLOURS = {"PER": "#bfe3ff", "LOC": "#c9f2c7", "ORG": "#ffd9a8", "MISC": "#ecd0f7"}
SIZE, LINE, LEFT = 13, 0.52, 0.25  # points; inches from line to line, and of the margin


def found(model: str, texts: list[str]) -> list[dict[str, Any]]:
    """What `seqtasks ner predict --format json` says of each text."""
    command = "from seqtasks.cli import main; main()"
    process = subprocess.run(
        [
            sys.executable,
            "-c",
            command,
            "ner",
            "predict",
            "--model",
            model,
            "--format",
            "json",
            *texts,
        ],
        stdout=subprocess.PIPE,
        check=True,
    )
    return [json.loads(line) for line in process.stdout.splitlines()]


def pieces(line: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """The text in pieces, each with the entity that it is, if it is one."""
    place = 0
    for entity in line["entities"]:
        yield line["text"][place : entity["start"]], None
        yield entity["text"], entity
        place = entity["end"]
    yield line["text"][place:], None


def draw(lines: list[dict[str, Any]], out: str) -> None:
    """One line of text below the other, entities in boxes with type and confidence."""
    height = LINE * (len(lines) + 0.6)
    figure = pyplot.figure(figsize=(11, height), dpi=150)
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    for number, line in enumerate(lines):
        x, y = LEFT, height - LINE * (number + 0.8)
        for text, entity in pieces(line):
            if not text:
                continue
            style: dict[str, Any] = {}
            if entity:
                colour = COLOURS.get(entity["type"], "#dddddd")
                style["bbox"] = {"facecolor": colour, "edgecolor": "none", "pad": 2.5}
            shown = figure.text(x / 11, y / height, text, size=SIZE, va="baseline", **style)
            # a space at the end has no ink: measure with a stop behind and take the stop off
            wide = [
                figure.text(0, 0, part, size=SIZE).get_window_extent(renderer).width
                for part in (text + ".", ".")
            ]
            for probe in figure.texts[-2:]:
                probe.remove()
            del shown
            start, x = x, x + (wide[0] - wide[1]) / figure.dpi
            if entity:
                label = f"{entity['type']} {entity['confidence']:.2f}"
                figure.text(start / 11, (y - 0.17) / height, label, size=6.5, color="#555555")
    figure.savefig(out, bbox_inches="tight", pad_inches=0.15)


def main() -> None:
    """Parse, tag, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="runs/ner")
    parser.add_argument("--out", required=True)
    parser.add_argument("text", nargs="+")
    arguments = parser.parse_args()
    draw(found(arguments.model, arguments.text), arguments.out)


if __name__ == "__main__":
    main()
