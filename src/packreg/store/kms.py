"""Data keys from AWS KMS, to encrypt secrets before they are stored: `awskms://KEY?region=…`.

This is envelope encryption. For each set of new secrets KMS makes a data key and returns it in the clear and
wrapped. The wrapped key is stored; to unwrap it one must be allowed to call `kms:Decrypt` on the KMS key. The
environment's name is KMS's encryption context. So a key policy can allow single environments, CloudTrail logs
name them, and a wrapped key cannot be used for another environment. Decrypting also names the KMS key of the
location: a data key that another KMS key wrapped is refused.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from packreg.errors import IntegrityError, PackregError, UsageError
from packreg.store.aws import answer_code, aws_client, aws_session
from packreg.store.url import endpoint, query_options

if TYPE_CHECKING:
    from collections.abc import Mapping

KIND = "awskms"
_SCHEME = "awskms://"
_KEY_BYTES = 32
#: Error codes that mean that this key did not wrap the stored data key for this environment.
_NOT_OURS = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})
_NEEDS = (
    "setting secrets needs kms:GenerateDataKey and kms:Decrypt, opening them kms:Decrypt; "
    "credentials come from the AWS chain"
)


class KmsLocation(NamedTuple):
    """A key of AWS KMS: its id, ARN or `alias/…`. For empty options the AWS configuration counts."""

    key: str
    region: str = ""
    profile: str = ""
    endpoint_url: str = ""


def parse_kms(text: str) -> KmsLocation:
    """Read `awskms://KEY?region=…&profile=…&endpoint_url=…`.

    Raises:
        UsageError: it is not of this form.
    """
    if not text.startswith(_SCHEME):
        raise UsageError(
            f"{text[:120]!r} is not the location of a key", hint=f"write {_SCHEME}KEY-ID?region=…"
        )
    key, _, query = text[len(_SCHEME) :].partition("?")
    key = key.removeprefix("/")  # as Pulumi writes an ARN
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError(f"{text[:120]!r} names no key", hint="write awskms://KEY-ID, an ARN, or alias/NAME")
    options = query_options(query, ("region", "profile", "endpoint_url"))
    return KmsLocation(
        key,
        options.get("region", ""),
        options.get("profile", ""),
        endpoint(options.get("endpoint_url", "")),
    )


class KmsKeys:
    """Gives data keys that one KMS key wraps, each for one environment. Several threads may use it.

    Credentials come from the AWS chain, with `instance_role` also from the metadata service. `timeout` is in
    seconds, for connecting and for each wait for data; a call is tried three times. Without `allow_http`,
    http to another machine is refused.
    """

    def __init__(
        self,
        location: KmsLocation,
        *,
        allow_http: bool = False,
        instance_role: bool = True,
        timeout: float = 10.0,
    ) -> None:
        self._location, self._timeout = location, timeout
        self._allow_http, self._instance_role = allow_http, instance_role
        self._known: dict[tuple[str, str], bytes] = {}
        self._lock = threading.Lock()
        self._made: Any = None

    def new(self, environment: str, beside: Iterable[str]) -> tuple[str, bytes]:
        """A new data key: wrapped (in base64), and in the clear. One request; `beside` is not used.

        Raises:
            StoreRefused: credentials or permissions are missing, or there is no such key.
            StoreUnavailable: the key service did not answer.
        """
        answer = self._call("generate_data_key", environment, KeySpec="AES_256")
        return base64.b64encode(answer["CiphertextBlob"]).decode(), self._key(answer, environment)

    def get(self, environment: str, how: str) -> bytes:
        """Unwrap a data key; `how` is its wrapped form in base64. One request, then cached.

        Raises:
            IntegrityError: it was wrapped with another key, or for another environment.
            StoreRefused, StoreUnavailable: as in `new`.
        """
        with self._lock:
            known = self._known.get((environment, how))
        if known is None:
            try:
                blob = base64.b64decode(how, validate=True)
            except ValueError:
                raise IntegrityError(f"a secret of {environment} names no wrapped key") from None
            known = self._key(self._call("decrypt", environment, CiphertextBlob=blob), environment)
            with self._lock:
                self._known[environment, how] = known
        return known

    def _key(self, answer: Mapping[str, Any], environment: str) -> bytes:
        key = bytes(answer["Plaintext"])
        if len(key) != _KEY_BYTES:
            raise IntegrityError(f"the key of secrets of {environment} has not {_KEY_BYTES} bytes")
        return key

    def _call(self, verb: str, environment: str, **arguments: Any) -> Mapping[str, Any]:
        key = self._location.key
        try:
            answer: Mapping[str, Any] = getattr(self._client(), verb)(
                KeyId=key, EncryptionContext={"packreg:environment": environment}, **arguments
            )
        except PackregError:
            raise
        except Exception as failed:  # noqa: BLE001 - sorted out, and passed on when it is a defect
            from packreg.store.aws_answers import sort_out

            if answer_code(failed) in _NOT_OURS:
                raise IntegrityError(
                    f"a secret of {environment} cannot be decrypted: {key} did not wrap its key for that",
                    hint="secrets are bound to the key and the environment of their setting: set them again",
                ) from None
            what = f"the key {key} cannot be used for {environment}"  # answers hold no key and no secret
            raise sort_out(failed, what, needs=_NEEDS) from None
        return answer

    def _client(self) -> Any:
        with self._lock:
            if self._made is None:
                location = self._location
                self._made = aws_client(
                    aws_session(location.profile, instance_role=self._instance_role),
                    "kms",
                    region=location.region,
                    endpoint_url=location.endpoint_url,
                    attempts=3,
                    connect_timeout=self._timeout,
                    read_timeout=self._timeout,
                    https_for="" if self._allow_http else f"the key {location.key}",
                )
            return self._made
