"""Archives of arrays: what NumPy wrote comes back, what a stranger made is refused in one line."""

import io
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.datasets.array_archive import read_archive
from seqtasks.datasets.errors import DataError
from seqtasks.tasks.errors import TaskError
from seqtasks.tasks.run_directory import load_arrays
from tests.hostile import answer, damaged, written
from tests.tiny_ner import assert_same_arrays

ARRAYS = {
    "net/layer/kernel": np.array([[1.0, np.nan, -0.0], [np.inf, 1e-45, 2.0]], np.float32),
    "by columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "count": np.array(3, np.int64),
    "nothing": np.zeros((0, 4), np.float32),
    "text": np.array("Zoë"),
    "truth": np.array([True, False]),
}


def saved(save=np.savez, **arrays):
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


def archive(*members, method=zipfile.ZIP_STORED):
    """An archive of members (name, content)."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for name, content in members:
            made.writestr(name, content)
    return file.getvalue()


def array(header, content=b"", version=(1, 0)):
    """A member by its header; the content need not fit it."""
    text = str(header).encode() + b"\n"
    size = len(text).to_bytes(2 if version == (1, 0) else 4, "little")
    return b"\x93NUMPY" + bytes(version) + size + text + content


def header(shape=(2,), descr="<f4", fortran_order=False):
    return {"descr": descr, "fortran_order": fortran_order, "shape": shape}


def test_what_numpy_wrote_comes_back():
    for save, most in ((np.savez, None), (np.savez, 10**6), (np.savez_compressed, 10**6)):
        found = read_archive(written(saved(save, **ARRAYS), "a.npz"), "mend it", most)
        assert_same_arrays(found, ARRAYS)
        found["count"] += 1  # its own memory, which may be written to
    assert read_archive(written(saved(), "a.npz"), "mend it") == {}


FULL = array(header((2,)), b"\0" * 8)
ONE = archive(("a.npy", FULL))
WRONG = {
    "no archive": (b"x" * 100, "not the end of an archive"),
    "cut off": (saved(**ARRAYS)[:-1], "not the end of an archive"),
    "with a comment": (archive(("a.npy", FULL))[:-2] + b"\1\0x", "not the end of an archive"),
    "packed": (saved(np.savez_compressed, **ARRAYS), "a strange member"),
    "another member": (archive(("a.npy", FULL), ("b.pkl", b"cos\nsystem\n")), "a strange member"),
    "twice": (archive(("a.npy", FULL), ("b.npy", FULL)).replace(b"b.npy", b"a.npy"), "twice"),
    "many": (archive(*((f"{i}.npy", b"") for i in range(10_001))), "10,001 members"),
    "a long list": (ONE[:-10] + (5 << 20).to_bytes(4, "little") + ONE[-6:], "in 5,242,880 bytes"),
    "objects": (archive(("a.npy", array(header(descr="|O"), b"\0" * 16))), "has no numbers"),
    "records": (archive(("a.npy", array(header(descr=[("a", "<f4")]), b"\0" * 8))), "no numbers"),
    "text of no length": (archive(("a.npy", array(header((10**12,), "<U0")))), "has no numbers"),
    "larger than it is": (archive(("a.npy", array(header((10**12,))))), "another size"),
    "smaller than it is": (archive(("a.npy", array(header((1,)), b"\0" * 8))), "another size"),
    "negative": (archive(("a.npy", array(header((-1, -2)), b"\0" * 8))), "another size"),
    "code as header": (archive(("a.npy", array("__import__('os').abort()"))), ""),
    "a long header": (archive(("a.npy", array("(" * 60_000))), ""),
    "another version": (archive(("a.npy", array(header(), version=(9, 0)))), "of another format"),
    "no array": (archive(("a.npy", b"x")), ""),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_numpy_did_not_write_is_refused(what):
    data, reason = WRONG[what]
    path = written(data, "a.npz")
    with pytest.raises(DataError) as error:
        read_archive(path, "mend it")
    assert error.value.problem.startswith("broken (") and reason in error.value.problem
    with pytest.raises(TaskError, match=r"a\.npz: broken \(.*\); train the model anew") as told:
        load_arrays(path)
    assert reason in str(told.value)


def overlapping():
    """An archive whose list names the same megabyte a hundred times."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("0.npy", array(header((2**18,)), b"\0" * 2**20))
        for number in range(1, 100):
            again = zipfile.ZipInfo(f"{number}.npy")
            for field in ("header_offset", "file_size", "compress_size", "CRC"):
                setattr(again, field, getattr(made.filelist[0], field))
            made.filelist.append(again)
    return file.getvalue()


def bomb():
    """Ten kilobytes that unpack to a hundred thousand times as many."""
    return archive(("a.npy", array(header((10**7,)), b"\0" * (4 * 10**7))), method=8)


@pytest.mark.parametrize("make", [overlapping, bomb])
@pytest.mark.parametrize("most", [None, 10**6])
def test_a_bomb_is_refused_before_it_is_unpacked(make, most):
    path = written(make(), "a.npz")
    tracemalloc.start()
    with pytest.raises(DataError, match=r"too large|a strange member"):
        read_archive(path, "mend it", most)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10**6


VALID = [saved(**ARRAYS), saved(a=np.arange(3.0)), archive(("a.npy", FULL))]


@given(damaged(VALID), st.sampled_from([None, 10**5]))
def test_hostile_archives_are_read_or_refused(data, most):
    path = written(data, "a.npz")
    found = answer(read_archive, path, "mend it", most)
    if found is not None:
        assert sum(value.nbytes for value in found.values()) <= (most or len(data))
    assert (answer(load_arrays, path) is None) >= (found is None and most is None)
