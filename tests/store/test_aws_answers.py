"""Every answer of a store and every failure on the way, and what it means for a write and for a read."""

from __future__ import annotations

import botocore.exceptions as botocore
import pytest
import urllib3.exceptions as urllib3
from botocore.parsers import ResponseParserError

from packreg.errors import NotFound, PackregError, StoreError, StoreRefused, StoreUnavailable, StoreUnsafe
from packreg.store.aws_answers import sort_out
from packreg.store.bucket import Unsure

Kind = type[PackregError]


def answer(status: int, code: str) -> botocore.ClientError:
    """What botocore raises for an error answer."""
    return botocore.ClientError(
        {"Error": {"Code": code, "Message": "so"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "PutObject",
    )


def tls_error(words: str) -> botocore.SSLError:
    """What botocore raises when encryption fails."""
    return botocore.SSLError(endpoint_url="https://x", error=OSError(words))


@pytest.mark.parametrize(
    ("status", "code", "writing", "reading"),
    [
        (409, "ConditionalRequestConflict", Unsure, StoreUnavailable),
        (409, "OperationAborted", Unsure, StoreUnavailable),
        (408, "RequestTimeout", Unsure, StoreUnavailable),
        (425, "TooEarly", Unsure, StoreUnavailable),
        (429, "TooManyRequests", Unsure, StoreUnavailable),
        (429, "", Unsure, StoreUnavailable),
        (500, "InternalError", Unsure, StoreUnavailable),
        (500, "UnknownError", Unsure, StoreUnavailable),
        (502, "502", Unsure, StoreUnavailable),
        (503, "SlowDown", Unsure, StoreUnavailable),
        (504, "", Unsure, StoreUnavailable),
        (599, "", Unsure, StoreUnavailable),
        (200, "InternalError", Unsure, StoreUnavailable),
        (400, "RequestTimeout", Unsure, StoreUnavailable),
        (400, "IncompleteBody", Unsure, StoreUnavailable),
        (400, "BadDigest", Unsure, StoreUnavailable),
        (400, "SlowDown", Unsure, StoreUnavailable),
        (501, "NotImplemented", StoreUnsafe, StoreUnsafe),
        (400, "NotImplemented", StoreUnsafe, StoreUnsafe),
        (404, "NoSuchKey", StoreRefused, NotFound),
        (404, "NoSuchBucket", StoreRefused, StoreRefused),
        (404, "404", StoreRefused, StoreRefused),
        (404, "", StoreRefused, StoreRefused),
        (403, "AccessDenied", StoreRefused, StoreRefused),
        (403, "403", StoreRefused, StoreRefused),
        (403, "SignatureDoesNotMatch", StoreRefused, StoreRefused),
        (403, "RequestTimeTooSkewed", StoreRefused, StoreRefused),
        (403, "InvalidAccessKeyId", StoreRefused, StoreRefused),
        (400, "ExpiredToken", StoreRefused, StoreRefused),
        (400, "InvalidRequest", StoreRefused, StoreRefused),
        (301, "PermanentRedirect", StoreRefused, StoreRefused),
        (405, "MethodNotAllowed", StoreRefused, StoreRefused),
    ],
)
def test_answers(status: int, code: str, writing: Kind, reading: Kind) -> None:
    """Only an answer that says no is a no, and only NoSuchKey means absent."""
    assert type(sort_out(answer(status, code), "cannot", writing=True)) is writing
    assert type(sort_out(answer(status, code), "cannot", writing=False)) is reading


@pytest.mark.parametrize(
    ("status", "code", "hint"),
    [
        (404, "NoSuchBucket", "create the bucket"),
        (404, "404", "endpoint_url"),
        (403, "AccessDenied", "s3:ListBucket"),
        (403, "", "s3:ListBucket"),
        (403, "RequestTimeTooSkewed", "clock"),
        (301, "PermanentRedirect", "region="),
        (501, "NotImplemented", "If-None-Match"),
    ],
)
def test_refusals_say_what_to_do(status: int, code: str, hint: str) -> None:
    """The answers that an operator can mend come with the way to, and with the store's own words."""
    error = sort_out(answer(status, code), "cannot create a", writing=True)
    assert hint in error.hint
    assert str(error).startswith(f"cannot create a: the answer was {status} {code}")


@pytest.mark.parametrize(
    ("failure", "writing", "reading"),
    [
        (botocore.EndpointConnectionError(endpoint_url="http://x"), StoreUnavailable, StoreUnavailable),
        (botocore.ConnectTimeoutError(endpoint_url="http://x"), StoreUnavailable, StoreUnavailable),
        (botocore.ProxyConnectionError(proxy_url="http://x"), StoreUnavailable, StoreUnavailable),
        (botocore.ReadTimeoutError(endpoint_url="http://x"), Unsure, StoreUnavailable),
        (botocore.ConnectionClosedError(endpoint_url="http://x"), Unsure, StoreUnavailable),
        (botocore.HTTPClientError(error="x"), Unsure, StoreUnavailable),
        (botocore.ResponseStreamingError(error="x"), Unsure, StoreUnavailable),
        (botocore.IncompleteReadError(actual_bytes=1, expected_bytes=2), Unsure, StoreUnavailable),
        (tls_error("EOF"), Unsure, StoreUnavailable),
        (ResponseParserError("no XML"), Unsure, StoreUnavailable),
        (urllib3.ProtocolError("broken"), Unsure, StoreUnavailable),
        (ConnectionResetError("reset"), Unsure, StoreUnavailable),
        (
            tls_error("CERTIFICATE_VERIFY_FAILED"),
            StoreRefused,
            StoreRefused,
        ),
        (botocore.NoCredentialsError(), StoreRefused, StoreRefused),
        (botocore.PartialCredentialsError(provider="env", cred_var="x"), StoreRefused, StoreRefused),
        (botocore.ProfileNotFound(profile="x"), StoreRefused, StoreRefused),
        (botocore.TokenRetrievalError(provider="sso", error_msg="x"), StoreRefused, StoreRefused),
        (botocore.ParamValidationError(report="x"), StoreError, StoreError),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.__name__,
)
def test_failures(failure: Exception, writing: Kind, reading: Kind) -> None:
    """A write that may have been sent is unsure; one that was not, or cannot be, is not."""
    assert type(sort_out(failure, "cannot", writing=True)) is writing
    assert type(sort_out(failure, "cannot", writing=False)) is reading


def test_defects_are_not_dressed_up() -> None:
    """An error that no store and no network causes is a defect and stays what it is."""
    with pytest.raises(ZeroDivisionError):
        sort_out(ZeroDivisionError(), "cannot", writing=True)
