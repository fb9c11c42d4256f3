"""Parse the location of a registry: a directory, or an S3 bucket and a prefix.

A location is a path, `file:///dir`, or `s3://bucket/prefix?endpoint_url=…&region=…&profile=…`. Parsing does
no I/O and imports nothing heavy, so that a command that finds everything in the cache starts fast. A location
never contains credentials; they come from the AWS chain.
"""

# pathlib would cost start-up time that `list` and `path` have no use for.
# ruff: noqa: PTH100, PTH118
from __future__ import annotations

import hashlib
import os
import re
from typing import NamedTuple

from packreg.errors import UsageError

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_BUCKET = r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}"
_PREFIX = r"[A-Za-z0-9!_.*'()-]+"
_SUPPORTED = "write a directory, file:///directory, or s3://bucket/prefix"
#: Most characters of a prefix; with the longest key it stays below the 1,024 bytes of S3.
MAX_PREFIX = 400
_YES_NO = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class StoreLocation(NamedTuple):
    """A parsed location: a directory (`path`), or an S3 bucket with a prefix.

    `path` is absolute; `prefix` neither starts nor ends with a slash. Fields of the other kind, and options
    that were not given, are empty.
    """

    path: str = ""
    bucket: str = ""
    prefix: str = ""
    endpoint_url: str = ""
    region: str = ""
    profile: str = ""
    allow_network_fs: bool = False

    @property
    def is_local(self) -> bool:
        """Whether the location is a directory."""
        return not self.bucket

    @property
    def url(self) -> str:
        """The canonical URL: two locations with the same URL are the same registry.

        `allow_network_fs` is left out, since it says how a directory may be used, not which one it is.
        """
        return self._written(safe="")

    @property
    def shown(self) -> str:
        """The URL for people, with a readable endpoint; parsing it gives the same location."""
        return self._written(safe=":/")

    def _written(self, *, safe: str) -> str:
        from urllib.parse import quote, urlencode

        if self.is_local:
            path = self.path.replace(os.sep, "/")
            return "file://" + quote(path if path.startswith("/") else "/" + path, safe="/:~")
        place = f"s3://{self.bucket}/{self.prefix}".rstrip("/")
        options = {"endpoint_url": self.endpoint_url, "profile": self.profile, "region": self.region}
        query = urlencode({name: value for name, value in options.items() if value}, safe=safe)
        return f"{place}?{query}" if query else place

    @property
    def id(self) -> str:
        """The first 12 hex digits of the sha256 of `url`; names the cache of this registry."""
        return hashlib.sha256(self.url.encode()).hexdigest()[:12]

    def __str__(self) -> str:
        return self.url


class Trust(NamedTuple):
    """Which server may answer for a bucket.

    With `allow_http`, also a server on another machine over http. `ca_bundle` is a file of CA certificates to
    trust, "" for the usual ones. With `only_location`, only the location decides which server that is: an
    endpoint, certificates and, for http, a proxy in the environment or the AWS configuration are ignored.
    """

    allow_http: bool = False
    ca_bundle: str = ""
    only_location: bool = False


def parse_location(text: str, *, cwd: str | os.PathLike[str]) -> StoreLocation:
    """Parse a location; a relative directory starts at `cwd`.

    Raises:
        UsageError: it is not a valid location; the message and hint say what is wrong and how to write it.
    """
    if not text.strip() or not text.isprintable():
        raise UsageError("the location of the registry is empty or holds control characters", hint=_SUPPORTED)
    scheme = _SCHEME.match(text)
    if scheme is None or (os.name == "nt" and len(scheme[1]) == 1):
        return _directory(text, cwd, False)
    if scheme[1].lower() == "s3":
        return _s3(text)
    if scheme[1].lower() == "file":
        return _file(text)
    if not text.startswith("://", scheme.end() - 1):
        return _directory(text, cwd, False)  # a directory with a colon in its name
    raise UsageError(f"packreg cannot keep a registry at {scheme[1]}://…", hint=_SUPPORTED)


def _directory(path: str, cwd: str | os.PathLike[str], allow_network_fs: bool) -> StoreLocation:
    if path.startswith("~"):
        raise UsageError(f"{path!r} was not expanded by the shell", hint="write the home directory in full")
    absolute = os.path.abspath(os.path.join(os.fspath(cwd), path))
    return StoreLocation(path=absolute, allow_network_fs=allow_network_fs)


def _file(text: str) -> StoreLocation:
    from urllib.parse import unquote, urlsplit

    try:
        parts = urlsplit(text)
        path = unquote(parts.path, errors="strict")
    except ValueError as failed:
        raise UsageError(f"{text!r} is not a URL: {failed}", hint=_SUPPORTED) from None
    if parts.netloc not in ("", "localhost") or not path.startswith("/") or parts.fragment:
        raise UsageError(
            f"{text!r} does not name a directory of this machine", hint="write file:///directory"
        )
    if "\0" in path:
        raise UsageError(f"{text!r} holds a null character", hint=_SUPPORTED)
    options = query_options(parts.query, ("allow_network_fs",))
    word = options.get("allow_network_fs", "false").lower()
    if word not in _YES_NO:
        raise UsageError(
            f"allow_network_fs={word} is neither true nor false", hint="write allow_network_fs=true"
        )
    if re.match(r"/[A-Za-z]:", path) and os.name == "nt":
        path = path[1:]
    return _directory(path, "/", _YES_NO[word])


def _s3(text: str) -> StoreLocation:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
    except ValueError as failed:
        raise UsageError(f"this is not an S3 URL: {failed}", hint="write s3://bucket/prefix") from None
    if "@" in parts.netloc:
        raise UsageError(
            "an S3 URL holds no credentials",
            hint="let the AWS chain provide them: environment, shared configuration (?profile=…) or a role",
        )
    if not re.fullmatch(_BUCKET, parts.netloc) or parts.fragment:
        raise UsageError(f"{parts.netloc!r} is not the name of a bucket", hint="write s3://bucket/prefix")
    prefix = parts.path.strip("/")
    if len(prefix) > MAX_PREFIX:
        raise UsageError(f"the prefix in the bucket has more than {MAX_PREFIX} characters")
    for segment in prefix.split("/") if prefix else ():
        if not re.fullmatch(_PREFIX, segment) or segment in (".", ".."):
            raise UsageError(
                f"{prefix!r} cannot be the prefix of a registry",
                hint="use letters, digits, - _ . and single slashes",
            )
    options = query_options(parts.query, ("endpoint_url", "region", "profile"))
    return StoreLocation(
        bucket=parts.netloc,
        prefix=prefix,
        endpoint_url=endpoint(options.get("endpoint_url", "")),
        region=options.get("region", ""),
        profile=options.get("profile", ""),
    )


def query_options(query: str, known: tuple[str, ...]) -> dict[str, str]:
    """The options after the `?` of a location.

    Raises:
        UsageError: an option is not one of `known`, is given twice, or has no value.
    """
    from urllib.parse import parse_qsl

    options: dict[str, str] = {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict")
    except ValueError:
        raise UsageError("the part after '?' is not of the form name=value&name=value") from None
    for name, value in pairs:
        if name not in known:
            raise UsageError(
                f"unknown option {name!r} in the location", hint=f"known here: {', '.join(known)}"
            )
        if name in options:
            raise UsageError(f"the option {name!r} is given twice in the location")
        if not value or not value.isprintable():
            raise UsageError(
                f"the option {name!r} in the location is empty", hint="leave it out, or give a value"
            )
        options[name] = value
    return options


def endpoint(text: str) -> str:
    """The normalised http or https URL of a server; "" stays "".

    Raises:
        UsageError: it is another kind of URL, or has credentials, a query or a fragment.
    """
    from urllib.parse import urlsplit

    if not text:
        return ""
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        good = None
    if not good:
        raise UsageError(
            "the endpoint_url is not an http or https URL", hint="write https://host or https://host:port"
        )
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise UsageError(
            "an endpoint_url holds no credentials, query or fragment", hint="write https://host:port"
        )
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path}".rstrip("/")


def is_open_http(url: str) -> bool:
    """Whether a URL is http on another machine, so that anybody on the network path could answer."""
    from ipaddress import ip_address
    from urllib.parse import urlsplit

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
