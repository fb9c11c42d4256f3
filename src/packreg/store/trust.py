"""Which server may answer for a bucket, and the rule about http."""

from __future__ import annotations

from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from packreg.errors import UsageError


class Trust(NamedTuple):
    """Which server may answer for a bucket.

    With `allow_http`, also a server on another machine over http. `ca_bundle` is a file of CA certificates to
    trust, "" for the usual ones. With `only_location`, only the location decides which server that is: an
    endpoint, certificates and, for http, a proxy in the environment or the AWS configuration are ignored.
    """

    allow_http: bool = False
    ca_bundle: str = ""
    only_location: bool = False


def is_open_http(url: str) -> bool:
    """Whether a URL is http on another machine, so that anybody on the network path could answer."""
    parts = urlsplit(url)
    if parts.scheme.lower() != "http":
        return False
    host = parts.hostname or ""
    if host == "localhost":
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return True


def check_http(url: str, where: str) -> None:
    """Refuse a URL that is http on another machine. `where` is the requested thing, for the message.

    Raises:
        UsageError: the URL is http on another machine.
    """
    if is_open_http(url):
        raise UsageError(
            f"{where} would be asked at {url}, over http: anybody on the way could answer",
            hint="use https; where the network is trusted, whoever names the registry can say "
            "allow_http = true in [registry] of their own packreg.toml, or PACKREG_ALLOW_HTTP=1",
        )
