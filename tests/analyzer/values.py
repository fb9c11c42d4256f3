"""Resources that try what values and options a request may have."""

from __future__ import annotations

import random
from typing import Any

from packreg.analyzer.protocol.encode import encode_resource

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
#: Values for which some SDK has no answer but an error.
BAD: tuple[Any, ...] = (
    *({SIGNATURE: signature} for signature in (SECRET, ASSET, "unheard-of")),
    *(float("nan"), float("inf")),
)
KEYS = ("acl", "", "ключ", "a.b", "__name", "constructor", "toString", "0", "with space")
SIMPLE: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1.5, 1e300, -0.0, 2**53),
    *("", "public", "тест", "a\nb", "😀", UNKNOWN),
)


def value(chance: random.Random, depth: int) -> Any:
    """Any value."""
    kind = chance.randrange(11 if depth else 6)
    if kind < 6:
        return chance.choice(SIMPLE)
    if kind == 6:
        return [value(chance, depth - 1) for _ in range(chance.randrange(4))]
    if kind == 7:
        return {SIGNATURE: SECRET, "value": value(chance, depth - 1)}
    if kind == 8:
        return {SIGNATURE: ASSET, "text": "hello", "hash": "00"}
    if kind == 9:
        return {SIGNATURE: ARCHIVE, "assets": {"a": {SIGNATURE: ASSET, "path": "./a"}}}
    return properties(chance, depth - 1)


def properties(chance: random.Random, depth: int = 3) -> dict[str, Any]:
    """Any properties."""
    return {key: value(chance, depth) for key in chance.sample(KEYS, chance.randrange(5))}


def resources(chance: random.Random, count: int) -> list[bytes]:
    """So many encoded requests."""
    made = []
    for number in range(count):
        kind = chance.choice(("demo:index:Bucket", "aws:s3/bucket:Bucket", "pulumi:providers:aws"))
        found = properties(chance)
        if number % 10 == 0:  # one alone, as the first that is met is named, and their order is not kept
            found = {"bad": chance.choice(BAD)}
        request: dict[str, Any] = {
            "type": kind,
            "name": f"r{number}",
            "urn": f"urn:pulumi:dev::shop::{kind}::r{number}",
            "properties": found,
            "options": {"protect": chance.random() < 0.5, "ignoreChanges": ["a", "b"], "parent": "urn:p"},
        }
        if chance.random() < 0.5:
            provider = {"type": "pulumi:providers:aws", "urn": "urn:provider", "name": "p"}
            request["provider"] = {**provider, "properties": properties(chance, 1)}
        made.append(encode_resource(request))
    return made
