"""Translate the errors of S3 stores and AWS: try again, absent, refused, or unsafe.

For a write, what matters is whether the request may have taken effect, or may still do so. Only a definite
refusal by the store itself means that it did not.
"""

from __future__ import annotations

import botocore.exceptions as botocore
import urllib3.exceptions as urllib3
from botocore.parsers import ResponseParserError

from packreg.errors import NotFound, PackregError, StoreError, StoreRefused, StoreUnavailable, StoreUnsafe
from packreg.store.aws import answer_code, answer_status
from packreg.store.bucket import Unsure

#: Statuses after which a write may have happened, or may succeed the next time, like all 5xx but 501.
_AGAIN = frozenset({408, 409, 425, 429})
#: Codes with status 400 that mean a broken transfer, not a bad request.
_BROKEN = frozenset({"RequestTimeout", "IncompleteBody", "BadDigest", "XAmzContentChecksumMismatch"})
_THROTTLED = frozenset(
    {"SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests"}
    | {"DependencyTimeoutException", "KeyUnavailableException"}
)
_REGISTRY = (
    "the credentials in use lack a permission; publishing needs s3:GetObject, s3:PutObject "
    "and s3:ListBucket, reading s3:GetObject and s3:ListBucket"
)
_HINTS = {
    "NoSuchBucket": "create the bucket, or correct its name, the endpoint_url or the region",
    "InvalidAccessKeyId": "the store does not know these credentials; check the profile and the environment",
    "SignatureDoesNotMatch": "the secret key is wrong, or something between changes requests",
    "ExpiredToken": "the session has expired; log in again",
    "TokenRefreshRequired": "the session has expired; log in again",
    "InvalidToken": "the session token is not for this store; log in again",
    "RequestTimeTooSkewed": "correct the clock of this machine",
    "AuthorizationHeaderMalformed": "add region=… to the location",
    "PermanentRedirect": "add the region of the bucket to the location: region=…",
    "IllegalLocationConstraintException": "add the region of the bucket to the location: region=…",
    "KMS.DisabledException": "the key that the bucket is encrypted with is disabled",
}
#: Raised before a request is on the wire.
_NOT_SENT = (botocore.EndpointConnectionError, botocore.ConnectTimeoutError, botocore.ProxyConnectionError)
#: Raised because of this machine's configuration, not because of what the store did.
_CONFIGURATION = (
    botocore.NoCredentialsError,
    botocore.PartialCredentialsError,
    botocore.CredentialRetrievalError,
    botocore.TokenRetrievalError,
    botocore.SSOError,
    botocore.ProfileNotFound,
    botocore.ConfigNotFound,
    botocore.ConfigParseError,
    botocore.InvalidConfigError,
    botocore.InvalidRetryModeError,
    botocore.NoRegionError,
    botocore.InvalidRegionError,
    botocore.UnknownCredentialError,
)


def sort_out(failed: Exception, what: str, *, writing: bool = False, needs: str = "") -> PackregError:
    """The packreg error for a failure of botocore. `what` begins its message.

    `needs` is the hint for refusals that have none of their own; by default, what a registry needs from S3.
    With `writing`, a request that may have taken effect gives `Unsure`, else `StoreUnavailable`. An exception
    that is neither an answer nor a lost connection is a defect in the program, and is raised again.
    """
    again = Unsure if writing else StoreUnavailable
    if isinstance(failed, botocore.ClientError):
        return _sort_answer(failed, what, again, needs)
    sentence = f"{what}: {failed}"
    if isinstance(failed, botocore.NoCredentialsError):
        sentence = f"{what}: there are no AWS credentials"
    if isinstance(failed, _CONFIGURATION):
        return StoreRefused(
            sentence,
            hint="provide credentials through the AWS chain: environment, profile (?profile=…) or role",
        )
    if isinstance(failed, botocore.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(failed):
        return StoreRefused(sentence, hint="the store's certificate is not trusted here; set AWS_CA_BUNDLE")
    if isinstance(failed, _NOT_SENT):
        return StoreUnavailable(sentence, hint="check the endpoint_url, the network and the proxy")
    if isinstance(failed, botocore.ParamValidationError | botocore.InvalidEndpointConfigurationError):
        return StoreError(sentence)
    # An unreadable answer proves nothing: a server that answered 201 with JSON had stored the object.
    if isinstance(failed, botocore.BotoCoreError | ResponseParserError | urllib3.HTTPError | OSError):
        return again(sentence)
    raise failed


def _sort_answer(
    failed: botocore.ClientError, what: str, again: type[Unsure] | type[StoreUnavailable], needs: str
) -> PackregError:
    status, code = answer_status(failed), answer_code(failed)
    message = failed.response.get("Error", {}).get("Message", "")
    sentence = f"{what}: the answer was {status} {code}: {message}".rstrip(": ")
    if status == 501 or code == "NotImplemented":
        return StoreUnsafe(
            sentence, hint="this store does not know `If-None-Match: *`; it cannot hold a registry"
        )
    if status in _AGAIN or status >= 500 or code in _THROTTLED or (status == 400 and code in _BROKEN):
        return again(sentence)
    if status < 300:  # an error inside a success: the outcome is not known
        return again(sentence)
    if code == "NoSuchKey" and again is StoreUnavailable:
        return NotFound(sentence)
    # 403 never means absent: without s3:ListBucket, AWS says 403 for an object that does not exist. And a 404
    # that does not say what is missing may come from a proxy that knows nothing about the store.
    hint = _HINTS.get(code, needs)
    if not hint and (status == 403 or code == "AccessDenied"):
        hint = _REGISTRY
    if not hint and status == 404:
        hint = "whatever answered is not an S3 store; check the endpoint_url"
    return StoreRefused(sentence, hint=hint)
