"""Requests to a bucket of Google Cloud Storage: the JSON API, one attempt each, and what an answer means.

Decisions, most of them from measurements:

- Google's own client library tries again and then takes its own write for another's; it also writes large
  objects in several requests, of which the last can be lost. So packreg makes the requests itself: an object
  is one multipart upload with `ifGenerationMatch=0`, whatever its size.
- An upload carries the MD5 of the object, which the store checks; a download is compared with the MD5 in its
  headers.
- A token is sent to hosts of googleapis.com over https, and nowhere else: whoever names an endpoint must not
  get one. Another endpoint is asked without credentials, as emulators are.
- An absent object and an absent bucket are both 404. Google says "No such object"; where a server does not,
  the bucket is listed once to find out.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    NewConnectionError,
    ProxyError,
    SSLError,
)

from packreg.errors import (
    IntegrityError,
    NotFound,
    PackregError,
    StoreError,
    StoreRefused,
    StoreUnavailable,
    StoreUnsafe,
)
from packreg.store.bucket import Exists, Unsure
from packreg.store.connections import HttpConnections
from packreg.store.google_credentials import GoogleCredentials
from packreg.store.trust import Trust, check_http

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packreg.store.location import GoogleLocation

GOOGLE = "https://storage.googleapis.com"
_CHUNK = 2**20
#: Most bytes of an answer that is not an object: a page of 1,000 names is below 3 MiB.
_MAX_ANSWER = 16 * 2**20
#: Statuses after which a write may have happened, or may succeed the next time, like all 5xx but 501.
_AGAIN = frozenset({408, 409, 425, 429})
_THROTTLED = ("rateLimitExceeded", "userRateLimitExceeded", "backendError")
#: Raised before a request is on the wire.
_NOT_SENT = (ConnectTimeoutError, NewConnectionError, ProxyError)
_REGISTRY = (
    "the credentials in use lack a permission; publishing needs storage.objects.create, "
    "storage.objects.get and storage.objects.list, reading the last two"
)
_NOT_GOOGLE = "whatever answered is not Google Cloud Storage; check the network and the proxy"
_NO_BUCKET = "create the bucket, or correct its name"


class NoBucket(StoreRefused):
    """There is no such bucket."""


class GoogleAnswer(NamedTuple):
    """An answer: its HTTP status, headers, and body."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    def json(self) -> dict[str, Any]:
        """The body, where it is a JSON object, else an empty one."""
        try:
            told = json.loads(self.data)
        except (ValueError, RecursionError):
            return {}
        return told if isinstance(told, dict) else {}


class GoogleStorage:
    """The objects of a bucket by their full names. Any number of threads may use one.

    `needs` is the hint where a permission is missing. `connect_timeout` and `read_timeout` are in seconds;
    the second is for each wait for data. Every method makes one request. Each raises StoreUnavailable,
    StoreRefused, and UsageError where the endpoint is http on another machine and that was not allowed.
    """

    def __init__(
        self,
        location: GoogleLocation,
        *,
        trust: Trust | None = None,
        instance_role: bool = True,
        environ: Mapping[str, str] = MappingProxyType({}),
        needs: str = _REGISTRY,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
    ) -> None:
        self._location = location
        self._trust = trust or Trust()
        self._needs = needs
        self._base = location.endpoint_url or GOOGLE
        self._connections = HttpConnections(
            self._trust, environ, connect_timeout=connect_timeout, read_timeout=read_timeout
        )
        self._credentials = GoogleCredentials(environ, self._connections, instance_role=instance_role)
        self._bucket_is_there = False

    def read(self, name: str, limit: int) -> bytes:
        """The bytes of an object, as they are stored. Raises: NotFound, IntegrityError (over `limit`)."""
        what = f"read {name}"
        answer = self._send("GET", f"/storage/v1/{self._object(name)}", {"alt": "media"}, what, limit=limit)
        if answer.status != 200:
            raise self._absent(answer, what) if answer.status == 404 else self._sorted(answer, what)
        if len(answer.data) > limit:
            raise IntegrityError(
                f"the object {name} in {self._location.shown} has more than the {limit} bytes that it may "
                "have"
            )
        for word in answer.headers.get("x-goog-hash", "").replace(" ", "").split(","):
            if word.startswith("md5=") and word[4:] != _md5(answer.data):
                raise StoreUnavailable(f"cannot {what}: the bytes changed on the way from the store")
        return answer.data

    def page(
        self, prefix: str, *, start: str = "", token: str = "", limit: int = 1000, delimiter: bool = False
    ) -> GoogleAnswer:
        """One page of the names that start with `prefix`, from `start` on.

        Its JSON has `items`, `prefixes` and `nextPageToken`. With `delimiter`, names with another "/" after
        the prefix are grouped into `prefixes`.
        """
        query = {
            "prefix": prefix,
            "startOffset": start,
            "pageToken": token,
            "delimiter": "/" if delimiter else "",
            "maxResults": str(limit),
            "fields": "items(name,size,timeCreated,updated),prefixes,nextPageToken",
        }
        what = f"list {prefix!r}"
        answer = self._send("GET", f"/storage/v1/{self._bucket()}/o", query, what)
        if answer.status != 200 or not answer.data.lstrip().startswith(b"{"):
            raise self._sorted(answer, what)
        self._bucket_is_there = True
        return answer

    def insert(self, name: str, data: bytes, *, md5: str = "") -> None:
        """Create an object, if there is none of that name. `md5` in Base64 is sent in place of the right one.

        Raises: Exists, Unsure.
        """
        kind = "application/json" if name.endswith(".json") else "application/octet-stream"
        told = json.dumps({"name": name, "contentType": kind, "md5Hash": md5 or _md5(data)})
        boundary = os.urandom(16).hex()
        body = (
            f"--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{told}\r\n"
            f"--{boundary}\r\nContent-Type: {kind}\r\n\r\n"
        ).encode() + b"".join((data, f"\r\n--{boundary}--\r\n".encode()))
        query = {"uploadType": "multipart", "ifGenerationMatch": "0", "fields": "name,generation"}
        what = f"create {name}"
        answer = self._send(
            "POST",
            f"/upload/storage/v1/{self._bucket()}/o",
            query,
            what,
            body=body,
            kind=f"multipart/related; boundary={boundary}",
        )
        if answer.status == 412:
            raise Exists(f"{name} exists in {self._location.shown}")
        # A success that cannot be read proves nothing: whatever answered may not be the store.
        if answer.status != 200 or answer.json().get("name") != name:
            raise self._sorted(answer, what, writing=True)
        self._bucket_is_there = True

    def delete(self, name: str) -> None:
        """Delete an object; a missing one counts as deleted."""
        what = f"delete {name}"
        answer = self._send("DELETE", f"/storage/v1/{self._object(name)}", {}, what)
        if answer.status in (200, 204):
            return
        refused = self._absent(answer, what) if answer.status == 404 else self._sorted(answer, what)
        if not isinstance(refused, NotFound):
            raise refused

    def facts(self) -> dict[str, Any]:
        """What the store says of the bucket itself; needs a permission that registries do not."""
        what = "ask about the bucket"
        answer = self._send("GET", f"/storage/v1/{self._bucket()}", {"fields": "name,versioning"}, what)
        if answer.status != 200:
            raise self._sorted(answer, what)
        return answer.json()

    def _bucket(self) -> str:
        return f"b/{quote(self._location.bucket, safe='')}"

    def _object(self, name: str) -> str:
        return f"{self._bucket()}/o/{quote(name, safe='')}"

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        what: str,
        *,
        body: bytes | None = None,
        kind: str = "",
        limit: int = _MAX_ANSWER,
    ) -> GoogleAnswer:
        """Send one request and read the answer: of a body that is too long `limit` bytes and some more."""
        if not self._trust.allow_http:
            check_http(self._base, self._location.shown)
        headers = {"User-Agent": "packreg", "Accept-Encoding": "gzip"}  # gzip: bytes come as they are stored
        if kind:
            headers["Content-Type"] = kind
        if _is_googles(self._base):
            headers["Authorization"] = f"Bearer {self._credentials.token()}"
        given = urlencode({name: value for name, value in query.items() if value})
        url = f"{self._base}{path}" + (f"?{given}" if given else "")
        writing = body is not None
        try:
            response = self._connections.request(method, url, body=body, headers=headers)
            try:
                pieces, size = [], 0
                most = limit if response.status == 200 else _MAX_ANSWER
                while size <= most and (piece := response.read(min(_CHUNK, most + 1))):
                    pieces.append(piece)
                    size += len(piece)
            finally:
                response.close()  # after the whole body it does nothing: the connection is free already
        except (HTTPError, OSError) as failed:
            raise self._lost(failed, f"cannot {what} in {self._location.shown}", writing=writing) from failed
        return GoogleAnswer(response.status, response.headers, b"".join(pieces))

    def _lost(self, failed: Exception, what: str, *, writing: bool) -> PackregError:
        """What it means that there was no whole answer."""
        sentence = f"{what}: {failed}"
        if isinstance(failed, SSLError) and "CERTIFICATE_VERIFY_FAILED" in sentence:
            return StoreRefused(
                sentence, hint="the store's certificate is not trusted here; set registry.ca_bundle"
            )
        if isinstance(failed, LocationParseError):
            return StoreError(sentence)
        if isinstance(failed, _NOT_SENT):
            return StoreUnavailable(sentence, hint="check the endpoint_url, the network and the proxy")
        return Unsure(sentence) if writing else StoreUnavailable(sentence)

    def _sorted(self, answer: GoogleAnswer, what: str, *, writing: bool = False) -> PackregError:
        """What an answer means that is not the one that was hoped for."""
        again = Unsure if writing else StoreUnavailable
        status, reason, message = answer.status, *_error(answer)
        sentence = f"cannot {what} in {self._location.shown}: the answer was {status} {reason}: {message}"
        sentence = sentence.rstrip(": ")
        if status == 501:
            return StoreUnsafe(sentence, hint="this server does not know Google Cloud Storage's JSON API")
        if status < 300 or status in _AGAIN or status >= 500 or reason in _THROTTLED:
            return again(sentence)
        if status == 400 and is_wrong_checksum(message):  # changed on the way
            return again(sentence)
        if status == 401:
            return StoreRefused(sentence, hint="the login has expired or is not for this store; log in again")
        if status == 403:
            return StoreRefused(sentence, hint=self._needs)
        if status == 404:
            known = reason or "not exist" in message or (self._base != GOOGLE and not message.startswith("<"))
            return NoBucket(sentence, hint=_NO_BUCKET) if known else StoreRefused(sentence, hint=_NOT_GOOGLE)
        return StoreRefused(sentence)

    def _absent(self, answer: GoogleAnswer, what: str) -> PackregError:
        """What a 404 for an object means: that it is not there, or that its bucket is not."""
        _, message = _error(answer)
        if "No such object" not in message:
            if self._base == GOOGLE or message.startswith("<"):  # a page of something that is no store
                return self._sorted(answer, what)
            if not self._bucket_is_there:
                self.page("", limit=1)  # raises where there is no bucket
        return NotFound(f"cannot {what} in {self._location.shown}: there is no such object")


def is_wrong_checksum(message: str) -> bool:
    """Whether a refusal says that an upload's checksum is not that of its bytes."""
    return "md5" in message.lower() or "hash" in message.lower()


def _is_googles(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and (parts.hostname or "").endswith(".googleapis.com")


def _md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def _error(answer: GoogleAnswer) -> tuple[str, str]:
    """The reason and the message of an error answer; a body that is no JSON is the message."""
    told = answer.json().get("error")
    if not isinstance(told, dict):
        return "", answer.data[:300].decode(errors="replace").strip()
    each = told.get("errors")
    first = each[0] if isinstance(each, list) and each and isinstance(each[0], dict) else {}
    return str(first.get("reason", ""))[:100], str(told.get("message", ""))[:500]
