"""Convert property values from the JSON of a state to the form that an analyzer is sent.

Both are JSON in which an object can be "signed": a magic key says which other value it stands for. The rules
are the Pulumi engine's: how it reads a deployment, and marshals for an analyzer with unknowns and secrets
kept.

    in the state                                   on the wire
    secret: ciphertext or plaintext (JSON text)    {signature, "value": the value, or "[secret]" if hidden}
    resource reference: urn, id                    its id, else its URN, as plain text; no id yet: unknown
    asset, archive                                 the same, with only the fields that have a meaning
    float: 16 hex digits                           the number (states write NaN and infinities so)
    byte string: base64                            the bytes as text
    unknown: a magic text                          the same text
    any other signature                            refused
    everything else                                as it is, numbers as doubles

One thing differs from what the engine sends: bytes that are not UTF-8 become replacement characters, because
the packs' SDKs fail on such bytes.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from packreg.errors import InvalidState
from packreg.states.json_text import strict

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a public marker
RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
FLOAT = "8ad145fe-0d11-4827-bfd7-1abcbf086f5c"
BYTES = "803fd3297a5875dc03ca845dda5d2a98"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
HIDDEN = "[secret]"
MAX_DEPTH = 200  # levels of one resource's properties

#: A resource's properties, or a value in them, as JSON: None, bool, float, str, list, dict.
Properties = dict[str, Any]


class WrongValue(ValueError):
    """Something in a resource cannot be read. `path` says where in it, the innermost step first."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.path: list[str | int] = []


class Revealer(Protocol):
    """Decrypts secrets; `secrets.StateSecrets` does."""

    def reveal(self, ciphertext: str) -> str | None:
        """The plain text, which is JSON, or None when the secret stays hidden."""


class Values:
    """Converts the property values of one file.

    `known` collects the texts of all revealed secrets, with numbers as text, so that reports can leave them
    out. Short texts are included; who uses `known` decides about those. `hidden` counts the converted values
    that stay hidden. In a `masked` file (a preview), each text "[secret]" counts as one, since a secret and a
    text that always was "[secret]" cannot be told apart. `replaced_bytes` counts byte strings that are not
    UTF-8.
    """

    def __init__(self, secrets: Revealer, *, masked: bool = False) -> None:
        self._secrets = secrets
        self._masked = masked
        self.hidden = 0
        self._inside = 0  # how many secrets enclose the current value
        self.known: set[str] = set()
        self.replaced_bytes = 0

    def properties(self, raw: Mapping[str, Any]) -> Properties:
        """A resource's properties as an analyzer gets them. Raises WrongValue, with the path in `raw`."""
        result: Properties = {}
        for name, value in raw.items():
            try:
                result[_text(name)] = self._value(value, MAX_DEPTH)
            except WrongValue as wrong:
                wrong.path.append(name)
                raise
        return result

    def _value(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is str:
            if self._inside and value and value != UNKNOWN:
                self.known.add(value)
            if self._masked and value == HIDDEN:
                self.hidden += 1
            return value if value.isascii() else _text(value)
        if kind is dict:
            if not depth:
                raise WrongValue(f"is nested deeper than {MAX_DEPTH} levels")
            return self._signed(value, depth) if SIGNATURE in value else self._object(value, depth)
        if kind is list:
            if not depth:
                raise WrongValue(f"is nested deeper than {MAX_DEPTH} levels")
            items = []
            for index, item in enumerate(value):
                try:
                    items.append(self._value(item, depth - 1))
                except WrongValue as wrong:
                    wrong.path.append(index)
                    raise
            return items
        if self._inside and kind is float:
            self.known.add(number_text(value))
        return value

    def _object(self, value: Mapping[str, Any], depth: int) -> Properties:
        result: Properties = {}
        for name, item in value.items():
            try:
                result[name if name.isascii() else _text(name)] = self._value(item, depth - 1)
            except WrongValue as wrong:
                wrong.path.append(name)
                raise
        return result

    def _signed(self, value: Mapping[str, Any], depth: int) -> Any:
        signature = value[SIGNATURE]
        handler = self._handlers.get(signature) if isinstance(signature, str) else None
        if handler is None:
            raise WrongValue(f"has an unknown signature {str(signature)[:80]!r}")
        return handler(self, value, depth)

    def _secret(self, value: Mapping[str, Any], depth: int) -> Properties:
        ciphertext, plaintext = value.get("ciphertext"), value.get("plaintext")
        given = [text for text in (ciphertext, plaintext) if isinstance(text, str)]
        if len(given) != 1 or not given[0]:
            raise WrongValue("is a malformed secret: it needs exactly one of ciphertext and plaintext")
        text: str | None = given[0]
        if given[0] is ciphertext and not self._inside:  # values inside a secret are not encrypted again
            text = self._secrets.reveal(given[0])
        if text is None:
            self.hidden += 1
            return {SIGNATURE: SECRET, "value": HIDDEN}
        try:
            revealed = strict(text.encode(), "")
        except (InvalidState, UnicodeEncodeError):
            raise WrongValue("is a malformed secret: its value is not JSON") from None
        self._inside += 1
        try:
            return {SIGNATURE: SECRET, "value": self._value(revealed, depth - 1)}
        except WrongValue:
            raise WrongValue("is a malformed secret") from None  # the message may contain part of the secret
        finally:
            self._inside -= 1

    def _resource(self, value: Mapping[str, Any], depth: int) -> str:
        urn, identity = value.get("urn"), value.get("id")
        if not isinstance(urn, str):
            raise WrongValue("is a malformed resource reference: it has no urn")
        if not isinstance(value.get("packageVersion", ""), str):
            raise WrongValue("is a malformed resource reference: packageVersion must be text")
        if isinstance(identity, dict):  # written by some versions of Pulumi: {"V": …}
            identity = identity.get("V")
            identity = "" if isinstance(identity, dict) else identity
            if identity is None:
                return _text(urn)
        elif "id" not in value:
            return _text(urn)
        if not isinstance(identity, str):
            raise WrongValue("is a malformed resource reference: id must be text")
        if self._inside and identity:
            self.known.add(identity)
        return _text(identity) or UNKNOWN

    def _asset(self, value: Mapping[str, Any], depth: int) -> Properties:
        result: Properties = {SIGNATURE: ASSET, **_texts(value, "asset", "hash", "text", "path", "uri")}
        if self._inside and "text" in result:
            self.known.add(result["text"])
        return result

    def _archive(self, value: Mapping[str, Any], depth: int) -> Properties:
        result: Properties = {SIGNATURE: ARCHIVE, **_texts(value, "archive", "hash")}
        for place in ("path", "uri"):
            if found := _texts(value, "archive", place):
                return result | found
        members = value.get("assets", {})
        if not isinstance(members, dict):
            raise WrongValue("is a malformed archive: assets must be an object")
        result["assets"] = {}
        for name, member in members.items():
            try:
                if not isinstance(member, dict) or member.get(SIGNATURE) not in (ASSET, ARCHIVE):
                    raise WrongValue("is neither an asset nor an archive")
                result["assets"][_text(name)] = self._value(member, depth - 1)
            except WrongValue as wrong:
                wrong.path.extend((name, "assets"))
                raise
        return result

    def _float(self, value: Mapping[str, Any], depth: int) -> float:
        digits = value.get("value")
        if not isinstance(digits, str) or not re.fullmatch("[0-9a-fA-F]{1,16}", digits):
            raise WrongValue("is a malformed float: value must be up to 16 hexadecimal digits")
        number: float = struct.unpack(">d", int(digits, 16).to_bytes(8, "big"))[0]
        if self._inside:
            self.known.add(number_text(number))
        return number

    def _bytes(self, value: Mapping[str, Any], depth: int) -> str:
        encoded = value.get("value")
        try:
            data = base64.b64decode(encoded if isinstance(encoded, str) else "*", validate=True)
        except (binascii.Error, ValueError):
            raise WrongValue("is a malformed byte string: value must be base64") from None
        text = data.decode("utf-8", "replace")
        self.replaced_bytes += text.encode() != data
        if self._inside:
            self.known.add(text)
        return text

    _handlers: Mapping[str, Callable[[Values, Mapping[str, Any], int], Any]] = {
        SECRET: _secret,
        RESOURCE: _resource,
        ASSET: _asset,
        ARCHIVE: _archive,
        FLOAT: _float,
        BYTES: _bytes,
    }


def number_text(number: float) -> str:
    """A number as people write it: whole numbers without a decimal point."""
    return str(int(number)) if number.is_integer() else str(number)


def _text(text: str) -> str:
    """Text that protobuf accepts: half a surrogate pair becomes U+FFFD, as in Go."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _texts(value: Mapping[str, Any], kind: str, *names: str) -> Properties:
    """The members `names` of `value` that are not empty. Raises WrongValue when one is not text."""
    found: Properties = {}
    for name in names:
        text = value.get(name, "")
        if not isinstance(text, str):
            raise WrongValue(f"is a malformed {kind}: {name} must be text")
        if text:
            found[name] = _text(text)
    return found
