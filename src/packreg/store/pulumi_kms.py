"""Unwrap, with AWS KMS, the data key of a Pulumi stack whose secrets provider is `awskms://…`.

This does what the Pulumi CLI does (`secrets/cloud`, gocloud's `awskms`): `Decrypt` the wrapped key from the
state, with the encryption context from the URL (`context_NAME=VALUE`). The URL comes from the state, and the
author of a state is somebody whose work is judged, so it is not trusted: only its region and context are
used. The credentials and the endpoint come from the AWS configuration of the user who runs packreg.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from packreg.errors import PackregError, UsageError
from packreg.store.aws import aws_client, aws_session

_KEY_BYTES = 32
_ARN = re.compile(r"arn:[a-z-]+:kms:([a-z0-9-]{1,40}):")
_REGION = re.compile(r"[a-z0-9-]{1,40}")
_NEEDS = "reading a stack's secrets needs kms:Decrypt on its key; credentials come from the AWS chain"


def unwrapped(
    url: str, wrapped: bytes, *, allow_http: bool = False, instance_role: bool = True, timeout: float = 10.0
) -> bytes:
    """Unwrap a data key; returns its 32 bytes. One request, tried up to three times.

    `url` is the secrets provider's. `timeout` is in seconds. Without `allow_http`, http to another machine is
    refused. With `instance_role`, credentials may come from the cloud's metadata service.

    Raises:
        UsageError: the URL does not name a key of AWS KMS, or the key is not 32 bytes long.
        StoreRefused: credentials or permissions are missing, there is no such key, or another one wrapped it.
        StoreUnavailable: the key service did not answer.
    """
    key, region, context = _parsed(url)
    what = f"the stack's key {key}"
    try:
        client = aws_client(
            aws_session(instance_role=instance_role),
            "kms",
            region=region,
            attempts=3,
            connect_timeout=timeout,
            read_timeout=timeout,
            https_for="" if allow_http else what,
        )
        plain = bytes(client.decrypt(CiphertextBlob=wrapped, EncryptionContext=context)["Plaintext"])
    except PackregError:
        raise
    except Exception as failed:  # noqa: BLE001 - sorted out, and passed on when it is a defect
        from packreg.store.aws_answers import sort_out

        raise sort_out(failed, f"{what} cannot be used", needs=_NEEDS) from None
    if len(plain) != _KEY_BYTES:
        raise UsageError(f"{what} did not wrap a key of {_KEY_BYTES} bytes")
    return plain


def _parsed(url: str) -> tuple[str, str, dict[str, str]]:
    """The key, the region ("" for the AWS configuration's), and the encryption context. Raises UsageError."""
    try:
        parts = urlsplit(url)
        options = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=50)
    except ValueError:
        raise UsageError("the secrets provider's URL cannot be read") from None
    key = f"{parts.netloc}{parts.path}".strip("/")
    if parts.scheme != "awskms" or not re.fullmatch(r"[A-Za-z0-9:/_-]{1,300}", key, re.ASCII):
        raise UsageError("the secrets provider's URL names no key of AWS KMS")
    given = dict(options)
    arn = _ARN.match(key)
    region = given.get("region") or (arn[1] if arn else "")
    if region and not _REGION.fullmatch(region):
        raise UsageError("the secrets provider's URL names no region of AWS")
    return key, region, {n.removeprefix("context_"): v for n, v in options if n.startswith("context_")}
