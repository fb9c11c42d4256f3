"""A bucket in an S3-compatible store.

Decisions, most of them from measurements:

- Writes use a client that makes one attempt. If botocore retries, in any mode, after its own write succeeded
  and the reply was lost, the answer is "412, taken". Reads use a second client that may retry.
- An object is written by a single `put_object` with `If-None-Match: *`, never by a multipart upload: Ceph
  ignores the condition when an upload is completed, and boto3's transfer functions cannot send it.
- A write sends a SHA-256 that is computed here, instead of botocore's checksum; `inspect` finds stores that
  ignore it.
- With an `endpoint_url` the bucket's name is in the path, unless the location says otherwise: most
  self-hosted stores have no wildcard DNS names.
- The clients are made at the first request.
"""

from __future__ import annotations

import base64
import hashlib
import os
import threading
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from packreg.errors import IntegrityError, NotFound, PackregError, StoreUnsafe
from packreg.store.aws import answer_code, answer_status, aws_client, aws_session
from packreg.store.bucket import AFTER, THEIRS, Entry, Exists, Page, check_key, check_prefix, page_of
from packreg.store.trust import Trust

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packreg.store.location import S3Location

_CHUNK = 2**20


class S3Bucket:
    """Objects in the S3 bucket of a location, under its prefix.

    Credentials come from the AWS chain, with `instance_role` also from the metadata service.
    `connect_timeout` and `read_timeout` are in seconds; the second is for each wait for data, not for a whole
    transfer.
    """

    page_size: ClassVar[int] = 1000
    own_times = True

    def __init__(
        self,
        location: S3Location,
        *,
        trust: Trust | None = None,
        instance_role: bool = True,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
    ) -> None:
        self._location = location
        self._trust = trust or Trust()
        self._instance_role = instance_role
        self._bucket = location.bucket
        self._prefix = location.prefix + "/" if location.prefix else ""
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._lock = threading.Lock()
        self._clients: tuple[Any, Any] | None = None
        self._process = 0

    def put_new(self, key: str, data: bytes) -> None:
        """Create an object: one request, one attempt.

        Raises:
            Exists: the key is taken.
            Unsure: the request was sent and its outcome is not known.
            StoreUnavailable: there was no connection; nothing was sent.
            StoreRefused: credentials or permissions are missing, or there is no such bucket.
            StoreUnsafe: the store does not support the condition `If-None-Match: *`.
        """
        check_key(key)
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        self._put(key, data, digest)

    def get(self, key: str, *, limit: int) -> bytes:
        """The bytes of an object. Raises: NotFound, IntegrityError, StoreUnavailable, StoreRefused."""
        check_key(key)
        try:
            answer = self._reads().get_object(Bucket=self._bucket, Key=self._prefix + key)
            body = answer["Body"]
            try:
                # Inside the outer `try`: the connection may break here too. Reading to the very end lets
                # botocore compare the size with the announced length; `with body` would give the raw stream,
                # which does not compare.
                pieces = []
                size = 0
                while size <= limit and (piece := body.read(min(_CHUNK, limit + 1))):
                    pieces.append(piece)
                    size += len(piece)
            finally:
                body.close()
        except Exception as failed:  # noqa: BLE001 - sorted out, and passed on when it is a defect
            self._fail(failed, f"read {key}", writing=False)
        if size > limit:
            raise IntegrityError(
                f"the object {key} in {self.describe()} has more than the {limit} bytes that it may have"
            )
        return b"".join(pieces)

    def list(
        self, prefix: str, *, after: str = "", token: str = "", limit: int = 1000, delimiter: bool = False
    ) -> Page:
        """The objects under a prefix, see `Bucket.list`: one request.

        Raises: StoreUnavailable, StoreRefused, StoreUnsafe.
        """
        check_prefix(prefix)
        options: dict[str, Any] = {"Bucket": self._bucket, "Prefix": self._prefix + prefix, "MaxKeys": limit}
        if token.startswith(AFTER):
            after, token = token.removeprefix(AFTER), ""
        if token:
            options["ContinuationToken"] = token.removeprefix(THEIRS)
        elif after:
            options["StartAfter"] = self._prefix + after
        if delimiter:
            options["Delimiter"] = "/"
        try:
            answer = self._reads().list_objects_v2(**options)
        except Exception as failed:  # noqa: BLE001 - sorted out, and passed on when it is a defect
            self._fail(failed, f"list {prefix!r}", writing=False)
        try:
            found = [
                Entry(self._own(item["Key"]), int(item["Size"]), item["LastModified"].timestamp())
                for item in answer.get("Contents", ())
            ]
            prefixes = [self._own(item["Prefix"]) for item in answer.get("CommonPrefixes", ())]
        except (KeyError, TypeError, ValueError, AttributeError) as failed:
            raise StoreUnsafe(
                f"a listing of {self.describe()} is incomplete: {failed!r}",
                hint="the store does not speak S3 well enough for a registry",
            ) from failed
        following = str(answer.get("NextContinuationToken") or "") if answer.get("IsTruncated") else ""
        if answer.get("IsTruncated") and not following:
            raise StoreUnsafe(
                f"{self.describe()} says that a listing goes on, but not where",
                hint="the store does not speak S3 well enough for a registry",
            )
        return page_of(found, prefixes, limit, following)

    def clock(self) -> float | None:
        """The time in the store's answer to a listing, in seconds since the epoch; None if it has none.

        Raises: StoreUnavailable, StoreRefused.
        """
        try:
            answer = self._reads().list_objects_v2(Bucket=self._bucket, Prefix=self._prefix, MaxKeys=1)
        except Exception as failed:  # noqa: BLE001 - sorted out, and passed on when it is a defect
            self._fail(failed, "ask for the time", writing=False)
        try:
            from email.utils import parsedate_to_datetime

            date = answer["ResponseMetadata"]["HTTPHeaders"]["date"]
            return parsedate_to_datetime(date).timestamp()
        except (KeyError, TypeError, ValueError, OverflowError):
            return None  # the server sends no usable date

    def delete(self, key: str) -> None:
        """Delete an object. Raises: StoreUnavailable, StoreRefused."""
        check_key(key)
        try:
            self._reads().delete_object(Bucket=self._bucket, Key=self._prefix + key)
        except Exception as failed:  # noqa: BLE001 - sorted out, and passed on when it is a defect
            try:
                self._fail(failed, f"delete {key}", writing=False)
            except NotFound:
                return

    def describe(self) -> str:
        """The bucket's URL; it never contains secrets."""
        return self._location.shown

    def inspect(self, prefix: str) -> Mapping[str, str]:
        """Whether the bucket has versioning, and whether the store verifies the checksums that it gets.

        `versioning` is `off`, `enabled`, `suspended`, or `unknown` when the permission to ask is missing;
        `checksums` is `verified`, `ignored` or `unknown`. Writes at most one object under `prefix`.

        Raises:
            StoreRefused: there is no such bucket.
        """
        facts = {"versioning": "unknown", "checksums": "unknown"}
        try:
            answer = self._reads().get_bucket_versioning(Bucket=self._bucket)
            facts["versioning"] = str(answer.get("Status", "off")).lower()
        except Exception as failed:  # noqa: BLE001 - asking needs a permission that publishing does not
            if answer_code(failed) == "NoSuchBucket":
                self._fail(failed, "ask about versions", writing=False)
        wrong = base64.b64encode(hashlib.sha256(b"other bytes").digest()).decode()
        try:
            self._put(f"{prefix}/wrong-checksum", b"these bytes", wrong)
            facts["checksums"] = "ignored"
        except PackregError as failed:
            if answer_code(failed.__cause__) in _WRONG_CHECKSUM:
                facts["checksums"] = "verified"
        return facts

    def _put(self, key: str, data: bytes, digest: str) -> None:
        kind = "application/json" if key.endswith(".json") else "application/octet-stream"
        try:
            self._writes().put_object(
                Bucket=self._bucket,
                Key=self._prefix + key,
                Body=data,
                IfNoneMatch="*",
                ChecksumSHA256=digest,
                ContentType=kind,
            )
        except Exception as failed:
            if answer_status(failed) == 412:
                raise Exists(f"{key} exists in {self.describe()}") from failed
            self._fail(failed, f"create {key}", writing=True)

    def connect(self) -> None:
        """Make the clients now, which takes about 0.3 s. No request is sent.

        Raises:
            StoreRefused: the profile or the configuration cannot be used.
        """
        try:
            self._both()
        except Exception as failed:  # noqa: BLE001 - sorted out, and passed on when it is a defect
            self._fail(failed, "prepare requests", writing=False)

    def _own(self, key: str) -> str:
        return key[len(self._prefix) :] if key.startswith(self._prefix) else "\0" + key

    def _writes(self) -> Any:
        return self._both()[0]

    def _reads(self) -> Any:
        return self._both()[1]

    def _both(self) -> tuple[Any, Any]:
        """The client for writes, which makes one attempt, and the one for reads, which makes up to five.

        After a fork they are made again: on a shared connection two processes would read each other's
        answers.

        Raises:
            UsageError: the endpoint is http on another machine, and that was not allowed.
        """
        with self._lock:
            if self._clients is None or self._process != os.getpid():
                self._process = os.getpid()
                trust, endpoint = self._trust, self._location.endpoint_url
                session = aws_session(self._location.profile, instance_role=self._instance_role)
                only: dict[str, Any] = {}
                if trust.only_location:
                    only["ignore_configured_endpoint_urls"] = True
                    if endpoint.startswith("http:"):  # a proxy could answer in place of the server
                        only["proxies"] = {}

                def client(attempts: int) -> Any:
                    return aws_client(
                        session,
                        "s3",
                        region=self._location.region or session.get_config_variable("region") or "us-east-1",
                        endpoint_url=endpoint,
                        attempts=attempts,
                        connect_timeout=self._connect_timeout,
                        read_timeout=self._read_timeout,
                        https_for="" if trust.allow_http else self.describe(),
                        verify=trust.ca_bundle or (True if trust.only_location else None),
                        signature_version="s3v4",
                        s3={"addressing_style": self._addressing()},
                        max_pool_connections=32,
                        **only,
                    )

                self._clients = (client(1), client(5))
            return self._clients

    def _addressing(self) -> str:
        asked = self._location.path_style
        if asked is None:
            return "path" if self._location.endpoint_url else "auto"
        return "path" if asked else "virtual"

    def _fail(self, failed: Exception, what: str, *, writing: bool) -> NoReturn:
        from packreg.store.aws_answers import sort_out

        raise sort_out(failed, f"cannot {what} in {self.describe()}", writing=writing) from failed


_WRONG_CHECKSUM = frozenset({"BadDigest", "InvalidDigest", "InvalidRequest", "XAmzContentChecksumMismatch"})
