"""Every answer of Azure and every failure on the way, and what it means for a write and for a read."""

from __future__ import annotations

import pytest
import requests
import urllib3.exceptions as urllib3
from azure.core import exceptions as azure

from packreg.errors import NotFound, PackregError, StoreRefused, StoreUnavailable, StoreUnsafe, UsageError
from packreg.store.azure_answers import sort_out
from packreg.store.azure_errors import azure_error
from packreg.store.bucket import Exists, Unsure

Kind = type[PackregError]


def answer(
    status: int, code: str, kind: type[azure.HttpResponseError] = azure.HttpResponseError
) -> Exception:
    """What the library raises for an error answer."""
    failed = kind(message="so\nErrorCode: more")
    failed.status_code = status
    failed.error_code = code or None
    return failed


@pytest.mark.parametrize(
    ("status", "code", "writing", "reading"),
    [
        (409, "BlobAlreadyExists", Exists, StoreUnavailable),
        (403, "UnauthorizedBlobOverwrite", Exists, StoreRefused),
        (409, "BlobImmutableDueToPolicy", Exists, StoreUnavailable),
        (409, "ContainerBeingDeleted", StoreRefused, StoreRefused),
        (409, "BlobArchived", StoreRefused, StoreRefused),
        (409, "OperationTimedOut", Unsure, StoreUnavailable),
        (409, "", Unsure, StoreUnavailable),
        (408, "", Unsure, StoreUnavailable),
        (429, "TooManyRequests", Unsure, StoreUnavailable),
        (500, "InternalError", Unsure, StoreUnavailable),
        (503, "ServerBusy", Unsure, StoreUnavailable),
        (504, "", Unsure, StoreUnavailable),
        (200, "", Unsure, StoreUnavailable),
        (400, "Md5Mismatch", Unsure, StoreUnavailable),
        (400, "InvalidHeaderValue", StoreRefused, StoreRefused),
        (501, "NotImplemented", StoreUnsafe, StoreUnsafe),
        (404, "BlobNotFound", StoreRefused, NotFound),
        (404, "ContainerNotFound", StoreRefused, StoreRefused),
        (404, "", StoreRefused, StoreRefused),
        (401, "InvalidAuthenticationInfo", StoreRefused, StoreRefused),
        (403, "AuthorizationPermissionMismatch", StoreRefused, StoreRefused),
        (403, "", StoreRefused, StoreRefused),
        (302, "", StoreRefused, StoreRefused),
    ],
)
def test_what_an_answer_means(status: int, code: str, writing: Kind, reading: Kind) -> None:
    """Only a definite refusal means that a write did not happen, and only the service says what is absent."""
    for kind, is_write in ((writing, True), (reading, False)):
        meant = sort_out(answer(status, code), "cannot do it", writing=is_write)
        assert type(meant) is kind, meant
        assert str(meant).startswith(f"cannot do it: the answer was {status} {code}".rstrip())
        assert "ErrorCode" not in str(meant)
        if kind is StoreRefused:
            assert meant.hint or code == "BlobNotFound"


def test_a_missing_permission_is_named_for_what_is_done() -> None:
    """The hint of a refusal is that of its caller, else what a registry needs."""
    failed = answer(403, "AuthorizationPermissionMismatch", azure.ClientAuthenticationError)
    assert "Storage Blob Data Contributor" in sort_out(failed, "x").hint
    assert sort_out(failed, "x", needs="reading needs this").hint == "reading needs this"


URL = "/registry/a?sv=2024&sp=rcwl&sig=c2VjcmV0c2VjcmV0%3D&se=2027"


def not_connected(kind: type[urllib3.NewConnectionError] | type[urllib3.ConnectTimeoutError]) -> Exception:
    """What the library raises when no connection was made."""
    reason = urllib3.ConnectTimeoutError("slow")
    if kind is urllib3.NewConnectionError:
        reason = urllib3.NewConnectionError(None, "refused")  # type: ignore[arg-type]
    lost = requests.ConnectionError(urllib3.MaxRetryError(None, URL, reason))  # type: ignore[arg-type]
    return azure.ServiceRequestError(lost, error=lost)


@pytest.mark.parametrize(
    ("failed", "writing", "reading"),
    [
        (not_connected(urllib3.NewConnectionError), StoreUnavailable, StoreUnavailable),
        (not_connected(urllib3.ConnectTimeoutError), StoreUnavailable, StoreUnavailable),
        (azure.ServiceRequestError(f"cut {URL}"), Unsure, StoreUnavailable),
        (azure.ServiceResponseError(f"cut {URL}"), Unsure, StoreUnavailable),
        (azure.ServiceResponseTimeoutError("no answer"), Unsure, StoreUnavailable),
        (azure.IncompleteReadError("cut"), Unsure, StoreUnavailable),
        (azure.HttpResponseError(message="cut"), Unsure, StoreUnavailable),
        (azure.AzureError("MD5 mismatch"), Unsure, StoreUnavailable),
        (azure.DeserializationError("odd"), Unsure, StoreUnavailable),
        (requests.ConnectionError(f"cut {URL}"), Unsure, StoreUnavailable),
        (urllib3.ProtocolError("cut"), Unsure, StoreUnavailable),
        (ConnectionResetError("cut"), Unsure, StoreUnavailable),
        (azure.ServiceRequestError("[SSL: CERTIFICATE_VERIFY_FAILED] no"), StoreRefused, StoreRefused),
        (azure.ClientAuthenticationError(message="nobody\nis\nlogged in"), StoreRefused, StoreRefused),
        (StoreUnsafe("more"), StoreUnsafe, StoreUnsafe),
        (StoreUnavailable("other bytes"), StoreUnavailable, StoreUnavailable),
        (Unsure("no ETag"), Unsure, Unsure),
    ],
)
def test_what_a_failure_on_the_way_means(failed: Exception, writing: Kind, reading: Kind) -> None:
    """Without a connection nothing was sent; after that, nobody knows. No message shows a signature."""
    for kind, is_write in ((writing, True), (reading, False)):
        meant = sort_out(failed, "cannot do it", writing=is_write)
        assert type(meant) is kind, meant
        assert "c2VjcmV0c2VjcmV0" not in str(meant)
        assert "\n" not in str(meant)


def test_a_defect_is_no_answer() -> None:
    """An error of our own is raised again."""
    with pytest.raises(ZeroDivisionError):
        sort_out(ZeroDivisionError("ours"), "cannot do it")


def test_what_was_said_before_any_request_stays() -> None:
    """A location that cannot be used is not an answer of Azure."""
    said = UsageError("no account")
    assert azure_error(said, "cannot do it") is said
