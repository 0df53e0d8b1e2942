"""The text of a score file: the XML of MusicXML, plain or packed (.mxl), and ABC.

Nothing is fetched, and no file can unpack to more than `LARGEST` bytes: entities of a document
type are refused, since they may name other files and multiply, and its own address is not read.
"""

import io
import zipfile
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat

from seqtasks.datasets.errors import DataError

LARGEST = 64_000_000  # bytes of a file, and of what it unpacks to
SCORE = "expected a MusicXML score"
MEND = "save it anew as MusicXML"

_CONTAINER = "META-INF/container.xml"


def read_xml(path: Path) -> ElementTree.Element:
    """The root of a MusicXML score, `score-partwise`.

    Raises:
        DataError: for a file that is no such score, is broken, or is too large.
    """
    data = read_bytes(path)
    if data.startswith(b"PK"):
        data = _unpacked(path, data)
    root = _parsed(path, data)
    if root.tag != "score-partwise":
        raise DataError(path, f"{SCORE} by parts, got XML of <{root.tag[:40]}>", MEND)
    return root


def read_abc(path: Path) -> str:
    """The text of an ABC file, in UTF-8 or else Latin-1.

    Raises:
        DataError: for a file that is no text or too large.
    """
    data = read_bytes(path)
    if b"\0" in data:
        raise DataError(path, "expected ABC, got a binary file", "check which file it is")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_bytes(path: Path) -> bytes:
    """A whole file.

    Raises:
        DataError: for a file that is missing, closed to us, empty, or too large.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise DataError(path, "no such file", "check the path") from None
    except IsADirectoryError:
        raise DataError(path, "expected a file, got a directory", "name a file") from None
    except OSError as error:
        problem = str(error.strerror).lower()
        raise DataError(path, problem, "check the file and its permissions") from None
    if not data:
        raise DataError(path, "expected a score, got an empty file", "check which file it is")
    if len(data) > LARGEST:
        raise DataError(path, f"larger than {LARGEST // 10**6} MB", "cut it into smaller files")
    return data


def _unpacked(path: Path, data: bytes) -> bytes:
    """The score in an archive: the file that its container names, or else the first XML file."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [name for name in archive.namelist() if not name.startswith("META-INF")]
            wanted = [_named_by_container(path, archive)]
            wanted += [name for name in names if name.lower().endswith((".musicxml", ".xml"))]
            for name in wanted:
                if name in names:
                    return _member(path, archive, name)
    except DataError:
        raise
    except Exception as error:  # a broken archive may raise nearly anything
        raise DataError(path, f"a broken or locked archive ({error})", MEND) from None
    raise DataError(path, f"{SCORE}, got an archive without one", MEND)


def _named_by_container(path: Path, archive: zipfile.ZipFile) -> str:
    if _CONTAINER not in archive.namelist():
        return ""
    try:
        container = _parsed(path, _member(path, archive, _CONTAINER))
    except DataError:
        return ""
    found = [element for element in container.iter() if element.tag.endswith("rootfile")]
    return found[0].get("full-path", "") if found else ""


def _member(path: Path, archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise DataError(path, f"it unpacks to more than {LARGEST // 10**6} MB", "cut it up")
    return data


class _Begun(Exception):
    """The root element begins: no entity can be declared any more."""


def _parsed(path: Path, data: bytes) -> ElementTree.Element:
    def begin(*_: object) -> None:
        raise _Begun

    def refuse(*_: object) -> None:
        raise DataError(path, "it declares entities, which no score needs", MEND)

    prologue = expat.ParserCreate()
    prologue.StartElementHandler = begin
    prologue.EntityDeclHandler = refuse
    try:
        prologue.Parse(data, True)
    except _Begun:
        pass
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise DataError(path, f"{SCORE}, got no XML ({error})", MEND) from None
    try:
        return ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise DataError(path, f"{SCORE}, got broken XML ({error})", MEND) from None
