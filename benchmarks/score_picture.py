"""Engrave a MusicXML file, as a PNG of 1200 pixels.

python benchmarks/score_picture.py --out docs/music_score.png runs/music/pieces/0.musicxml

It needs two packages that seqtasks does not: pip install verovio resvg_py
"""

import argparse
from pathlib import Path

import resvg_py
import verovio

WIDTH = 1200  # pixels
SCALE = 40  # percent of Verovio's own size


def engrave(score: str, out: Path) -> None:
    """The first page of a score, which is as long as all of it."""
    toolkit = verovio.toolkit()
    toolkit.setOptions(
        {
            "pageWidth": WIDTH * 100 / SCALE / 1.25,
            "pageHeight": 60_000,
            "adjustPageHeight": True,
            "scale": SCALE,
            "header": "none",
            "footer": "none",
            "pageMarginTop": 40,
            "pageMarginBottom": 40,
        }
    )
    if not toolkit.loadFile(score):
        raise SystemExit(f"{score}: cannot be read")
    picture = resvg_py.svg_to_bytes(
        svg_string=toolkit.renderToSVG(1), background="white", width=WIDTH
    )
    out.write_bytes(bytes(picture))


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("score", help="a MusicXML file")
    parser.add_argument("--out", type=Path, required=True, help="the PNG")
    arguments = parser.parse_args()
    engrave(arguments.score, arguments.out)


if __name__ == "__main__":
    main()
