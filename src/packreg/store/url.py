"""Parse the location of a registry: a directory, or a bucket and a prefix in it.

A location is a path, `file:///dir`, `s3://bucket/prefix?endpoint_url=…&region=…&profile=…`,
`gs://bucket/prefix` or `azblob://container/prefix?storage_account=…`. What the Pulumi CLI writes for its
backends is understood too, such as `endpoint=…&disableSSL=true&s3ForcePathStyle=true`; a location has one
canonical form, however it was written. Parsing does no I/O and imports nothing heavy, so that a command that
finds everything in the cache starts fast. A location never contains credentials; they come from the
environment and the cloud's own configuration.
"""

# pathlib would cost start-up time that `list` and `path` have no use for.
# ruff: noqa: PTH100, PTH118
from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from packreg.errors import UsageError
from packreg.store.location import (
    AzureLocation,
    DirectoryLocation,
    GoogleLocation,
    S3Location,
    StoreLocation,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from urllib.parse import SplitResult

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_BUCKET = r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}"
_GOOGLE_BUCKET = r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]"
_CONTAINER = r"(?=.{3,63}\Z)[a-z0-9]+(-[a-z0-9]+)*"
_ACCOUNT = r"[a-z0-9]{3,24}"
_HOST = r"[A-Za-z0-9.-]+(:[0-9]{1,5})?"
AZURE_DOMAIN = "blob.core.windows.net"
_PREFIX = r"[A-Za-z0-9!_.*'()-]+"
_SUPPORTED = (
    "write a directory, file:///directory, s3://bucket/prefix, gs://bucket/prefix or "
    "azblob://container/prefix?storage_account=NAME"
)
#: Most characters of a prefix; with the longest key it stays below the 1,024 bytes of S3.
MAX_PREFIX = 400
_YES_NO = dict.fromkeys(("true", "t", "1", "yes"), True) | dict.fromkeys(("false", "f", "0", "no"), False)
#: Options of Pulumi's URLs that tell its Go libraries how to work, not where something is or how it is kept.
_FOR_PULUMI = {
    "file": ("create_dir", "metadata", "no_tmp_dir"),
    "s3": (
        "awssdk",
        "hostname_immutable",
        "rate_limiter_capacity",
        "request_checksum_calculation",
        "response_checksum_validation",
    ),
}


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
    kind = scheme[1].lower()
    if kind == "file":
        return _file(text, cwd)
    if kind in _BUCKETS:
        return _BUCKETS[kind](_split(text))
    if not text.startswith("://", scheme.end() - 1):
        return _directory(text, cwd, False)  # a directory with a colon in its name
    if kind in ("postgres", "postgresql"):
        raise UsageError(
            "a PostgreSQL database can hold the states of Pulumi, but no registry", hint=_SUPPORTED
        )
    raise UsageError(f"packreg cannot keep a registry at {scheme[1]}://…", hint=_SUPPORTED)


def _directory(path: str, cwd: str | os.PathLike[str], allow_network_fs: bool) -> DirectoryLocation:
    if path.startswith("~"):
        raise UsageError(f"{path!r} was not expanded by the shell", hint="write the home directory in full")
    absolute = os.path.abspath(os.path.join(os.fspath(cwd), path))
    return DirectoryLocation(absolute, allow_network_fs)


def _file(text: str, cwd: str | os.PathLike[str]) -> DirectoryLocation:
    """`file:///directory`; also `file://./directory` and `file://../directory`, which start at `cwd`."""
    from urllib.parse import unquote, urlsplit

    try:
        parts = urlsplit(text)
        path = unquote(parts.path, errors="strict")
    except ValueError as failed:
        raise UsageError(f"{text!r} is not a URL: {failed}", hint=_SUPPORTED) from None
    relative = parts.netloc in (".", "..")
    rooted = parts.netloc in ("", "localhost") and path.startswith("/")
    if not (relative or rooted) or parts.fragment:
        raise UsageError(
            f"{text!r} does not name a directory of this machine", hint="write file:///directory"
        )
    if "\0" in path:
        raise UsageError(f"{text!r} holds a null character", hint=_SUPPORTED)
    options = query_options(parts.query, ("allow_network_fs", *_FOR_PULUMI["file"]))
    if re.match(r"/[A-Za-z]:", path) and os.name == "nt":
        path = path[1:]
    path = parts.netloc + path if relative else path
    return _directory(path, cwd, bool(_flag(options, "allow_network_fs")))


def _split(text: str) -> SplitResult:
    """The parts of a bucket's URL, checked for what no bucket's URL has."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
    except ValueError as failed:
        raise UsageError(f"the location of the registry is not a URL: {failed}", hint=_SUPPORTED) from None
    if "@" in parts.netloc:
        raise UsageError(
            "the location of a registry holds no credentials",
            hint="let the environment, the cloud's own configuration or a role provide them; for S3 a "
            "shared configuration is named by ?profile=…",
        )
    return parts


def _s3(parts: SplitResult) -> S3Location:
    bucket, prefix = _place(parts, _BUCKET)
    words = ("endpoint_url", "endpoint", "region", "profile", "s3ForcePathStyle", "use_path_style")
    options = query_options(parts.query, (*words, "disableSSL", "disable_https", *_FOR_PULUMI["s3"]))
    insecure = _flag(options, "disableSSL", "disable_https")
    address = _one(options, "endpoint_url", "endpoint")
    if "endpoint" in options and "://" not in address:
        address = f"{'http' if insecure else 'https'}://{address}"
    if insecure and not address:
        raise UsageError(
            "disableSSL without an endpoint would ask AWS over http",
            hint="leave it out, or add endpoint=HOST",
        )
    path_style = _flag(options, "s3ForcePathStyle", "use_path_style")
    return S3Location(
        bucket=bucket,
        prefix=prefix,
        endpoint_url=endpoint(address),
        region=options.get("region", ""),
        profile=options.get("profile", ""),
        path_style=None if path_style is bool(address) else path_style,
    )


def _google(parts: SplitResult) -> GoogleLocation:
    bucket, prefix = _place(parts, _GOOGLE_BUCKET)
    options = query_options(parts.query, ("endpoint_url", "endpoint"))
    return GoogleLocation(bucket, prefix, endpoint(_one(options, "endpoint_url", "endpoint")))


def _azure(parts: SplitResult) -> AzureLocation:
    container, prefix = _place(parts, _CONTAINER)
    options = query_options(parts.query, ("storage_account", "protocol", "domain", "localemu"))
    shapes = {"storage_account": _ACCOUNT, "protocol": "https?", "domain": _HOST}
    for name, shape in shapes.items():
        if name in options and not re.fullmatch(shape, options[name]):
            raise UsageError(
                f"{options[name]!r} cannot be the {name} of an azblob:// location",
                hint="write azblob://container/prefix?storage_account=NAME",
            )
    domain = options.get("domain", "").lower()
    return AzureLocation(
        container,
        prefix,
        storage_account=options.get("storage_account", ""),
        protocol="" if options.get("protocol") == "https" else options.get("protocol", ""),
        domain="" if domain == AZURE_DOMAIN else domain,
        localemu=bool(_flag(options, "localemu")),
    )


_BUCKETS: dict[str, Callable[[SplitResult], StoreLocation]] = {"s3": _s3, "gs": _google, "azblob": _azure}


def _place(parts: SplitResult, name: str) -> tuple[str, str]:
    """The bucket and the prefix of a URL; `name` is the pattern of buckets' names."""
    written = f"write {parts.scheme}://{'container' if parts.scheme == 'azblob' else 'bucket'}/prefix"
    if not re.fullmatch(name, parts.netloc) or parts.fragment:
        kind = "container" if parts.scheme == "azblob" else "bucket"
        raise UsageError(f"{parts.netloc!r} is not the name of a {kind}", hint=written)
    prefix = parts.path.strip("/")
    if len(prefix) > MAX_PREFIX:
        raise UsageError(f"the prefix in the bucket has more than {MAX_PREFIX} characters")
    for segment in prefix.split("/") if prefix else ():
        if not re.fullmatch(_PREFIX, segment) or segment in (".", ".."):
            raise UsageError(
                f"{prefix!r} cannot be the prefix of a registry",
                hint="use letters, digits, - _ . and single slashes",
            )
    return parts.netloc, prefix


def _one(options: dict[str, str], *names: str) -> str:
    """The value of an option that has several names, "" where it is not given. Raises UsageError: twice."""
    given = [name for name in names if name in options]
    if len(given) > 1:
        raise UsageError(
            f"the location has {' and '.join(given)}, which mean the same", hint="write one of them"
        )
    return options[given[0]] if given else ""


def _flag(options: dict[str, str], *names: str) -> bool | None:
    """The value of an option that is true or false, None where it is not given. Raises UsageError."""
    word = _one(options, *names)
    if word and word.lower() not in _YES_NO:
        name = next(name for name in names if name in options)
        raise UsageError(f"{name}={word} is neither true nor false", hint=f"write {name}=true")
    return _YES_NO[word.lower()] if word else None


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
