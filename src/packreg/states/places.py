"""A directory, a bucket or a database from which states and backends are read.

Locations are those of the Pulumi CLI: `file://` with an absolute or relative path, or `~`;
`s3://bucket/prefix` with the query parameters that Pulumi's backends take; `gs://bucket/prefix` (see
`google_place`); `azblob://container/prefix` (see `azure_place`); `postgres://…` (see `postgres`). What a URL
leaves open, the clouds' variables give.
Places are only read, and file names may be anything. The registry's own stores, which guarantee how objects
are written, are in `packreg.store`.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn, Protocol
from urllib.parse import SplitResult, parse_qs, unquote, urlencode, urlsplit

from packreg.errors import InvalidState, NotFound, PackregError, StoreRefused, StoreUnavailable, UsageError
from packreg.files import read_file
from packreg.states.go_names import escaped, unescaped
from packreg.states.place_entry import POSTGRES_TABLE as POSTGRES_TABLE
from packreg.states.place_entry import PlaceEntry as PlaceEntry
from packreg.states.place_entry import read_again as read_again
from packreg.store.aws import answer_code, answer_status, aws_client, aws_session
from packreg.store.variables import from_variables

#: How the URLs of backends begin that can be read.
BACKENDS = ("file://", "s3://", "gs://", "azblob://", "postgres://")
#: The schemes of buckets, whose objects are files.
BUCKETS = ("s3", "gs", "azblob")
#: Those of which `store.variables` says where something is; AWS's library asks the environment itself.
_WITH_VARIABLES = ("gs", "azblob")


class Place(Protocol):
    """Files by name; the parts of a name are separated by "/"."""

    def read(self, name: str, limit: int) -> bytes:
        """All bytes of one file.

        Raises NotFound, InvalidState when it has more than `limit` bytes, StoreRefused, StoreUnavailable.
        """

    def list(self, prefix: str) -> Iterator[PlaceEntry]:
        """The files whose names start with `prefix`, at any depth. Raises StoreRefused, StoreUnavailable."""

    def describe(self, name: str = "") -> str:
        """The path or URL of a file, or of the place, for messages."""


def open_place(
    url: str,
    *,
    cwd: Path,
    instance_role: bool = True,
    environ: Mapping[str, str] = MappingProxyType({}),
) -> Place:
    """The place at a URL that begins with one of `BACKENDS`; a relative path starts at `cwd`.

    Raises UsageError: it cannot be read, or the library that reads it is not installed.

    With `instance_role`, credentials may come from the cloud's metadata service. `environ` has the variables
    that Google's and Azure's credentials are taken from (AWS's library reads those of the process).
    """
    scheme, separator, _ = url.partition("://")
    url = with_variables(url, environ)
    if separator and scheme == "file":
        return Directory(file_path(url, cwd=cwd))
    if separator and scheme == "s3":
        parts = urlsplit(url)
        prefix = unquote(parts.path).strip("/")
        return S3Place(
            s3_client(parts, instance_role=instance_role), parts.netloc, f"{prefix}/" if prefix else ""
        )
    if separator and scheme == "gs":
        from packreg.states.google_place import GooglePlace

        return GooglePlace(url, instance_role=instance_role, environ=environ)
    if separator and scheme == "azblob":
        from packreg.states.azure_place import AzurePlace

        return AzurePlace(url, instance_role=instance_role, environ=environ)
    if separator and scheme == "postgres":
        try:
            from packreg.states.postgres import PostgresPlace
        except ImportError:
            raise UsageError(
                "a PostgreSQL backend is read with psycopg, which cannot be loaded",
                hint="pip install 'psycopg[binary]>=3.2.3'",
            ) from None
        return PostgresPlace(url)
    if separator and scheme in ("https", "http"):
        raise UsageError(
            f"{without_password(url)!r} is Pulumi Cloud, whose stacks packreg cannot read",
            hint="name a self-managed backend, or analyze the file that `pulumi stack export` writes",
        )
    raise UsageError(
        f"{without_password(url)!r} is not a location that can be read; {', '.join(BACKENDS)} are",
        hint="for other backends, analyze the file that `pulumi stack export` writes",
    )


def with_variables(url: str, environ: Mapping[str, str]) -> str:
    """A backend's URL with what it leaves open of where it is and variables say: a server, an account."""
    if url.partition("://")[0] not in _WITH_VARIABLES:
        return url
    given = {name: value for name, (value, _) in from_variables(url, environ).items()}
    return url + ("&" if "?" in url else "?") + urlencode(given) if given else url


def without_password(url: str) -> str:
    """At most 200 characters of a URL for messages, without who asks and with which password."""
    return re.sub(r"(?<=://).*@|(?<=[?&]password=)[^&]*", "***", url)[:200]


def file_path(url: str, *, cwd: Path) -> Path:
    """The path in a `file://` URL, read as the Pulumi CLI reads it.

    A relative path starts at `cwd`. Raises UsageError when `~user` names no user.
    """
    path = unquote(url.removeprefix("file://").partition("?")[0])
    try:
        return cwd / Path(path).expanduser() if path.startswith("~") else cwd / path
    except RuntimeError:
        raise UsageError(f"{url[:200]!r} is not a location: there is no such user") from None


class Directory:
    """A directory of the local file system."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, name: str, limit: int) -> bytes:
        """See `Place`."""
        return read_location(self._root / name, limit)

    def list(self, prefix: str) -> Iterator[PlaceEntry]:
        """See `Place`."""
        for folder, _, names in os.walk(self._root / prefix.rpartition("/")[0], onerror=_unlistable):
            for name in names:
                path = Path(folder, name)
                relative = path.relative_to(self._root).as_posix()
                if relative.startswith(prefix):
                    try:
                        yield PlaceEntry(relative, path.stat().st_mtime)
                    except FileNotFoundError:
                        continue  # replaced by an update just now

    def describe(self, name: str = "") -> str:
        """See `Place`."""
        return str(self._root / name)


def read_location(path: Path, limit: int) -> bytes:
    """All bytes of a file or a pipe. Raises what `Place.read` raises, and UsageError for a directory."""
    try:
        return read_file(path, limit)
    except FileNotFoundError:
        raise NotFound(f"there is no file {path}") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a directory, not a file") from None
    except PermissionError:
        raise StoreRefused(f"{path} may not be read") from None
    except (OSError, ValueError) as error:
        if getattr(error, "errno", 0) == errno.EFBIG:
            _refuse_size(str(path), limit)
        raise StoreUnavailable(f"{path} cannot be read: {error}") from None


def _unlistable(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise StoreRefused(f"{error.filename} cannot be listed: {error.strerror}") from None


class S3Place:
    """An S3 bucket, or the part of one under a prefix."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        """`client` is botocore's client for S3; `prefix` is "" or ends with "/"."""
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def read(self, name: str, limit: int) -> bytes:
        """See `Place`."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + escaped(name))
            size = answer.get("ContentLength", limit + 1)
            data: bytes = answer["Body"].read(None if size <= limit else limit + 1)  # None: checks the length
        except Exception as error:  # noqa: BLE001 - sorted out, and passed on when it is a defect
            raise self._translated(error, name) from None
        if len(data) > limit:
            _refuse_size(self.describe(name), limit)
        return data

    def list(self, prefix: str) -> Iterator[PlaceEntry]:
        """See `Place`."""
        pages = self._client.get_paginator("list_objects_v2")
        try:
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix + escaped(prefix)):
                for item in page.get("Contents", ()):
                    name = unescaped(item["Key"][len(self._prefix) :])
                    yield PlaceEntry(name, item["LastModified"].timestamp())
        except Exception as error:  # noqa: BLE001 - sorted out, and passed on when it is a defect
            raise self._translated(error, prefix) from None

    def describe(self, name: str = "") -> str:
        """See `Place`."""
        return f"s3://{self._bucket}/{self._prefix}{name}"

    def _translated(self, error: Exception, name: str) -> PackregError:
        from packreg.store.aws_answers import sort_out

        where = self.describe(name)
        if answer_status(error) == 404:
            return NotFound(f"there is no {where} ({answer_code(error)})")
        needs = "reading states needs s3:GetObject and s3:ListBucket"
        return sort_out(error, f"{where} cannot be read", needs=needs)


_PASSED_OVER = frozenset(
    [
        "awssdk",
        "hostname_immutable",
        "kmskeyid",
        "rate_limiter_capacity",
        "request_checksum_calculation",
        "response_checksum_validation",
        "ssetype",
    ]
)


def s3_client(url: SplitResult, *, instance_role: bool = True) -> Any:
    """A client for the bucket of an `s3://` URL, configured by the URL's query. Raises UsageError.

    Known parameters: endpoint (also endpoint_url), region, profile, anonymous, use_path_style (also
    s3ForcePathStyle), disable_https (also disableSSL), dualstack, fips, accelerate. Those in `_PASSED_OVER`
    are ignored.
    """
    from botocore import UNSIGNED
    from botocore.exceptions import BotoCoreError

    query = {name: values[-1] for name, values in parse_qs(url.query, keep_blank_values=True).items()}

    def flag(*names: str) -> bool:
        given = [query.pop(name).lower() for name in names if name in query]
        return any(value in ("1", "t", "true") for value in given)

    if not url.netloc:
        raise UsageError(f"{url.geturl()[:200]!r} names no bucket")
    insecure = flag("disable_https", "disableSSL")
    endpoint = query.pop("endpoint", "") or query.pop("endpoint_url", "")
    if endpoint and "://" not in endpoint:
        endpoint = f"{'http' if insecure else 'https'}://{endpoint}"
    options: dict[str, Any] = {
        "s3": {
            "addressing_style": "path" if flag("use_path_style", "s3ForcePathStyle") else "auto",
            "use_accelerate_endpoint": flag("accelerate"),
        },
        "use_dualstack_endpoint": flag("dualstack") or None,
        "use_fips_endpoint": flag("fips") or None,
    }
    if flag("anonymous"):
        options["signature_version"] = UNSIGNED
    region, profile = query.pop("region", ""), query.pop("profile", "")
    unknown = sorted(query.keys() - _PASSED_OVER)
    if unknown:
        raise UsageError(f"unknown parameters of an s3:// location: {', '.join(unknown)[:200]}")
    try:
        session = aws_session(profile, instance_role=instance_role)
        return aws_client(
            session, "s3", region=region, endpoint_url=endpoint, use_ssl=not insecure, **options
        )
    except (BotoCoreError, ValueError) as error:
        raise UsageError(f"{url.geturl()[:200]!r} cannot be used: {error}") from None


def _refuse_size(where: str, limit: int) -> NoReturn:
    raise InvalidState(f"{where} has more than {limit} bytes")
