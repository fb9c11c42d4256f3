"""Requests that packreg makes itself: sent once, through the right proxy, with an end to all patience."""

from __future__ import annotations

from contextlib import suppress

import pytest
import urllib3

from packreg.store.connections import HttpConnections
from packreg.store.trust import Trust
from tests.store.answering_server import answering_server
from tests.store.silent_server import silent_server


def connections(*, only_location: bool = False, **environ: str) -> HttpConnections:
    """Connections with short patience."""
    trust = Trust(only_location=only_location)
    return HttpConnections(trust, environ, connect_timeout=2.0, read_timeout=0.2)


def test_sends_one_request_and_follows_nobody() -> None:
    """A request is sent once, and an answer that points elsewhere is an answer."""
    with answering_server() as server:
        server.answer = lambda _: (302, {"Location": "/elsewhere"}, b"go on")
        answer = connections().request("POST", f"{server.endpoint}/a?b=c", body=b"x", headers={"A": "b"})
        assert (answer.status, answer.read()) == (302, b"go on")
        (asked,) = server.asked
        assert (asked.method, asked.path, asked.body, asked.headers["a"]) == ("POST", "/a?b=c", b"x", "b")


def test_a_silent_server_is_not_waited_for() -> None:
    """Whoever takes a connection and says nothing is given up."""
    with silent_server() as url, pytest.raises(urllib3.exceptions.ReadTimeoutError):
        connections().request("GET", url)


@pytest.mark.parametrize(
    ("url", "environ", "only", "proxied"),
    [
        ("http://a.example/", {"http_proxy": "PROXY"}, False, True),
        ("http://a.example/", {"HTTP_PROXY": "PROXY"}, False, True),
        ("http://a.example/", {"HTTPS_PROXY": "PROXY"}, False, False),
        ("http://a.example/", {"HTTP_PROXY": "PROXY"}, True, False),
        ("http://a.example/", {"HTTP_PROXY": "PROXY", "NO_PROXY": "b.example, example"}, False, False),
        ("http://a.example/", {"HTTP_PROXY": "PROXY", "no_proxy": ".a.example"}, False, False),
        ("http://a.example/", {"HTTP_PROXY": "PROXY", "no_proxy": "*"}, False, False),
        ("http://a.example/", {"HTTP_PROXY": "PROXY", "no_proxy": "ple"}, False, True),
    ],
)
def test_a_proxy_of_the_environment_is_asked(
    url: str, environ: dict[str, str], only: bool, proxied: bool
) -> None:
    """The variables of the environment name the proxy, and what is asked without one."""
    with answering_server() as proxy:
        address = proxy.endpoint.removeprefix("http://")
        given = {name: value.replace("PROXY", address) for name, value in environ.items()}
        with suppress(urllib3.exceptions.HTTPError):  # there is no such host
            connections(only_location=only, **given).request("GET", url)
        assert [asked.path for asked in proxy.asked] == ([url] if proxied else [])
