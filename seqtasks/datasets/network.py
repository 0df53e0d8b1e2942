"""Whether a download can begin, found out in seconds."""

import socket
from contextlib import suppress
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

PORTS = {"http": 80, "https": 443, "ftp": 21}


def reachable(url: str, timeout: float = 3.0) -> bool:
    """Whether a connection to the host of `url`, or to the proxy it goes through, comes about.

    An address that names no host to connect to, such as `gs://`, counts as reachable.

    Args:
        url: the address.
        timeout: seconds to wait, the look-up of the name included.
    """
    target = urlsplit(url)
    if target.scheme not in PORTS or target.hostname is None:
        return True
    proxies = getproxies()
    proxy = proxies.get(target.scheme, proxies.get("all"))
    if proxy and not proxy_bypass(target.hostname):
        target = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    address = target.hostname, target.port or PORTS.get(target.scheme, 443)
    connected = Event()

    def connect() -> None:
        with suppress(OSError, UnicodeError), socket.create_connection(address, timeout):
            connected.set()

    # the look-up of a name has no timeout of its own: let it hang in a thread
    thread = Thread(target=connect, daemon=True)
    thread.start()
    thread.join(timeout)
    return connected.is_set()


class _Download(Exception):
    """Tells what a builder asked to be downloaded."""


class _NoDownloads:
    """Stands in for a download manager, to stop at the first download."""

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("download"):
            raise AttributeError(name)

        def stop(urls: Any) -> None:
            raise _Download(urls)

        return stop


def first_download(builder: Any) -> str | None:
    """The address of the first file that a builder would download; None where it shows none."""
    try:
        builder._split_generators(_NoDownloads())
    except _Download as download:
        urls = download.args[0]
    except Exception:  # a builder that does more with its download manager
        return None
    else:
        return None
    while isinstance(urls, dict | list | tuple) and urls:
        urls = next(iter(urls.values() if isinstance(urls, dict) else urls))
    url = getattr(urls, "url", urls)
    return url if isinstance(url, str) else None
