"""Translate the errors of Azure Blob Storage: try again, absent, refused, or unsafe.

As in `aws_answers`, for a write only a definite refusal by the service itself means that it did not happen.
A status alone is not enough: 409 is the answer for a name that is taken and for a container that is being
deleted, 404 for a missing blob and for a missing container. The service's `x-ms-error-code` tells them apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import urllib3.exceptions as urllib3
from azure.core import exceptions as azure

from packreg.errors import NotFound, PackregError, StoreRefused, StoreUnavailable, StoreUnsafe
from packreg.store.azure_container import WRONG_CHECKSUM, answer_code
from packreg.store.bucket import Exists, Unsure

#: What a conditional create is told when the name is taken. With a right to create only, Azure may say that
#: writing over the blob is not authorized, and in a container that is immutable, that it is protected.
_TAKEN = frozenset({"BlobAlreadyExists", "UnauthorizedBlobOverwrite", "BlobImmutableDueToPolicy"})
#: Statuses after which a write may have happened, or may succeed the next time, like all 5xx but 501 and 505.
_AGAIN = frozenset({408, 425, 429})
#: Codes with status 400 that mean a broken transfer, not a bad request.
_BROKEN = WRONG_CHECKSUM | {"RequestBodyIncomplete", "OperationTimedOut"}
_SECRET = re.compile(r"(?i)\b(sig=)[^&\s'\")]+")
_REGISTRY = (
    "the credentials in use lack a permission: reading needs the role Storage Blob Data Reader, writing "
    "Storage Blob Data Contributor, or the same rights in a shared access signature"
)
_HINTS = {
    "ContainerNotFound": "create the container, or correct its name or the storage_account",
    "ContainerBeingDeleted": "the container is being deleted; create it again when that is done",
    "ContainerDisabled": "the container is disabled; ask whoever runs the account",
    "AccountIsDisabled": "the account is disabled; ask whoever runs it",
    "AuthenticationFailed": "the key or the signature is wrong or has expired, or the clock here is",
    "InvalidAuthenticationInfo": "the key or the signature is not one, or the token has expired",
    "KeyBasedAuthenticationNotPermitted": "the account takes no keys: unset AZURE_STORAGE_KEY, and log in",
    "AuthorizationProtocolMismatch": "the shared access signature is for https alone",
    "AuthorizationSourceIPMismatch": "the shared access signature is for other addresses",
    "PublicAccessNotPermitted": "credentials are needed: a key, a shared access signature, or log in",
    "BlobArchived": "the blob was archived; bring it back, and let no rule archive a registry",
    "InvalidHeaderValue": "the server is too old for this version of azure-storage-blob",
}


def sort_out(failed: Exception, what: str, *, writing: bool = False, needs: str = "") -> PackregError:
    """The packreg error for a failure of the libraries. `what` begins its message.

    `needs` is the hint for a missing permission; by default, what a registry needs. With `writing`, a request
    that may have taken effect gives `Unsure`, else `StoreUnavailable`. A packreg error of these kinds keeps
    its kind; one that is neither an answer nor a lost connection is raised again. No message holds a shared
    access signature.
    """
    again = Unsure if writing else StoreUnavailable
    sentence = f"{what}: {_first_line(failed)}"
    if isinstance(failed, StoreUnsafe | StoreUnavailable | Unsure):
        return type(failed)(sentence)
    if isinstance(failed, azure.ClientAuthenticationError) and not failed.status_code:
        return StoreRefused(  # of azure-identity: all of what it tried would fill the screen
            f"{what}: no credentials were found, or they were refused",
            hint="set AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_CONNECTION_STRING, or log "
            "in: `az login`, a workload identity, or with instance_role = true the machine's identity",
        )
    if isinstance(failed, azure.HttpResponseError) and failed.status_code:
        return _sort_answer(failed, what, again, needs)
    causes = list(_causes(failed))
    if any("CERTIFICATE_VERIFY_FAILED" in str(each) for each in causes):
        return StoreRefused(
            sentence, hint="the server's certificate is not trusted here; set REQUESTS_CA_BUNDLE"
        )
    if any(isinstance(each, urllib3.NewConnectionError | urllib3.ConnectTimeoutError) for each in causes):
        return StoreUnavailable(
            sentence, hint="check the storage_account, the domain, the network and the proxy"
        )
    if isinstance(failed, azure.AzureError | urllib3.HTTPError | OSError):
        return again(sentence)
    if isinstance(failed, azure.DeserializationError | azure.SerializationError) or _of_a_library(failed):
        return again(f"{what}: the answer is not one of Azure Blob Storage")
    raise failed


def _sort_answer(
    failed: azure.HttpResponseError, what: str, again: type[Unsure] | type[StoreUnavailable], needs: str
) -> PackregError:
    status, code = failed.status_code or 0, answer_code(failed)
    sentence = f"{what}: the answer was {status} {code}".rstrip()
    if again is Unsure and code in _TAKEN:
        return Exists(sentence)
    if status in (501, 505):
        return StoreUnsafe(
            sentence, hint="the server does not know conditional creates; it cannot hold a registry"
        )
    if status in _AGAIN or status >= 500 or (status == 400 and code in _BROKEN):
        return again(sentence)
    if status < 300 or (status == 409 and code not in _HINTS):  # nothing definite was said
        return again(sentence)
    if code == "BlobNotFound" and again is StoreUnavailable:
        return NotFound(sentence)
    # A 404 that does not say what is missing may come from a proxy that knows nothing about the store.
    hint = _HINTS.get(code, "")
    if not hint and status in (401, 403):
        hint = needs or _REGISTRY
    if not hint and status < 500 and not code:
        hint = "whatever answered is not Azure Blob Storage; check the storage_account and the domain"
    return StoreRefused(f"{sentence}: {_first_line(failed)}" if code else sentence, hint=hint)


def _first_line(failed: BaseException) -> str:
    return _SECRET.sub(r"\1…", str(failed).partition("\n")[0][:500])


def _causes(failed: BaseException) -> Iterator[BaseException]:
    """The error and what it came from: the libraries keep that in attributes, arguments and contexts."""
    waiting, seen = [failed], set()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        nested = [
            getattr(each, name, None) for name in ("inner_exception", "reason", "__cause__", "__context__")
        ]
        waiting += [one for one in (*nested, *each.args) if isinstance(one, BaseException)]


def _of_a_library(failed: BaseException) -> bool:
    """Whether an error arose inside a library of Azure, which trusts that answers have their form."""
    trace = failed.__traceback__
    module = ""
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        trace = trace.tb_next
    return module.startswith(("azure.", "xml."))
