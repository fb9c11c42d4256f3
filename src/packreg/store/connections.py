"""HTTP connections that are kept, for stores whose requests packreg makes itself."""

from __future__ import annotations

import os
import ssl
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import urllib3

if TYPE_CHECKING:
    from collections.abc import Mapping

    from urllib3 import BaseHTTPResponse

    from packreg.store.trust import Trust


class HttpConnections:
    """Makes requests, each once. Any number of threads may use one, and also the children of a fork.

    Certificates are checked against those of `trust`, else the system's. A proxy is taken from the variables
    HTTPS_PROXY, HTTP_PROXY and NO_PROXY of `environ`; with `trust.only_location` there is none for http,
    because it could answer in place of the server. Timeouts are in seconds; `read_timeout` is for each wait
    for data, not for a whole transfer.
    """

    def __init__(
        self, trust: Trust, environ: Mapping[str, str], *, connect_timeout: float, read_timeout: float
    ) -> None:
        self._trust = trust
        self._environ = environ
        self._timeout = urllib3.Timeout(connect=connect_timeout, read=read_timeout)
        self._lock = threading.Lock()
        self._pools: dict[str, urllib3.PoolManager] = {}
        self._process = 0

    def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        direct: bool = False,
    ) -> BaseHTTPResponse:
        """Send one request and give the answer, whose body is not read yet. No redirect is followed.

        With `direct` no proxy is asked. Raises `urllib3.exceptions.HTTPError`, also when the body is read.
        """
        pool = self._pool("" if direct else self._proxy(url))
        return pool.request(
            method,
            url,
            body=body,
            headers=headers,
            timeout=self._timeout,
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )

    def _pool(self, proxy: str) -> urllib3.PoolManager:
        with self._lock:
            if self._process != os.getpid():  # on a shared connection two processes would mix up answers
                self._process, self._pools = os.getpid(), {}
            if proxy not in self._pools:
                context = ssl.create_default_context(cafile=self._trust.ca_bundle or None)
                self._pools[proxy] = (
                    urllib3.ProxyManager(proxy, maxsize=32, ssl_context=context)
                    if proxy
                    else urllib3.PoolManager(maxsize=32, ssl_context=context)
                )
            return self._pools[proxy]

    def _proxy(self, url: str) -> str:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if self._trust.only_location and parts.scheme == "http":
            return ""
        for word in self._variable("no_proxy").replace(" ", ",").split(","):
            bare = word.strip().lstrip("*").lstrip(".")
            if word.strip() == "*" or (bare and (host == bare or host.endswith(f".{bare}"))):
                return ""
        proxy = self._variable(f"{parts.scheme}_proxy")
        return f"http://{proxy}" if proxy and "://" not in proxy else proxy

    def _variable(self, name: str) -> str:
        return self._environ.get(name) or self._environ.get(name.upper()) or ""
