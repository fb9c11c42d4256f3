"""Keys from AWS KMS, for what is encrypted before it is stored: `awskms://KEY?region=…`.

Envelope encryption: each set of new secrets asks for a data key, which KMS gives in the clear and wrapped.
The wrapped one is stored, and only who may call `kms:Decrypt` on the KMS key gets it back. The environment
goes along as KMS's encryption context, so a key policy can allow single environments, CloudTrail names them,
and a wrapped key is of no use for another. The key of the location is named when decrypting, too: a key that
somebody else wrapped is refused.
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
#: Answers that mean that what is stored is not what this key wrapped for this environment.
_NOT_OURS = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})
_NEEDS = (
    "setting secrets needs kms:GenerateDataKey and kms:Decrypt, opening them kms:Decrypt; "
    "credentials come from the AWS chain"
)


class KmsLocation(NamedTuple):
    """A key of AWS KMS: its id, ARN or `alias/…`. Empty options are those of the AWS configuration."""

    key: str
    region: str = ""
    profile: str = ""
    endpoint_url: str = ""


def parse_kms(text: str) -> KmsLocation:
    """Read `awskms://KEY?region=…&profile=…&endpoint_url=…`.

    Raises:
        UsageError: it is none.
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
    """Data keys of one KMS key, by the environment that they are for. Several threads may use it.

    Credentials come from the AWS chain, with `instance_role` also from the metadata service. `timeout` is in
    seconds, for connecting and for each silence; a call is tried three times. Only with `allow_http` the
    service may be asked over http on another machine.
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
        """A new data key: wrapped, in base64, and in the clear. One request.

        Raises:
            StoreRefused: credentials, permissions, no such key.
            StoreUnavailable: the key service did not answer.
        """
        answer = self._call("generate_data_key", environment, KeySpec="AES_256")
        return base64.b64encode(answer["CiphertextBlob"]).decode(), self._key(answer, environment)

    def get(self, environment: str, how: str) -> bytes:
        """The data key that was wrapped, remembered. One request.

        Raises:
            IntegrityError: it was wrapped with another key, or for another environment.
            StoreRefused, StoreUnavailable: as `new`.
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
