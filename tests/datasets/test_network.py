import socket
import time

import pytest

from seqtasks.datasets import network
from seqtasks.datasets.network import reachable


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    monkeypatch.setattr(network, "getproxies", dict)


@pytest.fixture
def port():
    """A port of this machine that listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.mark.parametrize("scheme", ["http", "https", "ftp"])
def test_a_host_that_answers(scheme, port):
    assert reachable(f"{scheme}://127.0.0.1:{port}/a.zip")


def test_a_host_that_refuses():
    assert not reachable(f"http://127.0.0.1:{free_port()}/")


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:{}", "127.0.0.1:{}", "http://me@127.0.0.1:{}/"]
)
@pytest.mark.parametrize("key", ["https", "all"])
def test_a_proxy_answers_for_the_host(monkeypatch, port, address, key):
    monkeypatch.setattr(network, "proxy_bypass", lambda host: host == "near.invalid")
    monkeypatch.setattr(network, "getproxies", lambda: {key: address.format(port)})
    assert reachable("https://far.invalid/a.zip")
    assert not reachable("https://near.invalid/a.zip")
    monkeypatch.setattr(network, "getproxies", lambda: {key: address.format(free_port())})
    assert not reachable("https://far.invalid/a.zip")


def test_a_look_up_that_hangs(monkeypatch):
    def hang(address, timeout):
        time.sleep(5)
        raise OSError

    monkeypatch.setattr(network.socket, "create_connection", hang)
    start = time.monotonic()
    assert not reachable("https://far.invalid/a.zip", timeout=0.2)
    assert time.monotonic() - start < 2


@pytest.mark.parametrize("url", ["gs://bucket/a", "/data/a.zip", "file:///data/a.zip"])
def test_what_names_no_host_is_not_tried(url):
    assert reachable(url)
