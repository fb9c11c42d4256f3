"""The names of a registry's objects. Pure: keys in, meanings out; nothing here touches a store."""

from __future__ import annotations

import hashlib
import re
from typing import Literal, NamedTuple

from packreg.pack.version import Version, name_problem, version_problem

SETTINGS = "registry.json"
PACKS = "packs/"
BUNDLES = "bundles/"
#: Wheels and npm tarballs that releases need, each once by its sha256 (`artifacts`).
ARTIFACTS = "artifacts/"
#: The chain of the governance document: policy groups, waivers, settings.
GOVERNANCE = "governance/"
ENVIRONMENTS = "environments/"
#: The reports of runs, and the chains of entries that say which of them count, and in which order.
REPORTS = "reports/"
RUNS = "runs/"
#: Which backends have a stack: one object for each, under the stack's name.
STACKS = "stacks/"
#: The chain that says when all objects were copied here, so that the store's times are those of the copy.
TRANSFERS = "transfers/"
#: Every prefix that objects of a registry have, but for what the store keeps for itself (`store.probe`).
PREFIXES = (PACKS, BUNDLES, ARTIFACTS, GOVERNANCE, ENVIRONMENTS, TRANSFERS, STACKS, RUNS, REPORTS)
#: The largest notice (see `notices`), in bytes.
MAX_NOTICE = 64 * 1024

_REVISION = r"([0-9]{6})-(yanked|restored)"
_SEAL = r"([0-9]{6})-sealed"
_BUNDLE = r"([0-9a-f]{64})\.tgz"
_ARTIFACT = re.compile(r"artifacts/([0-9a-f]{64})", re.ASCII)
_STACK = re.compile(r"([^/]+)/([0-9a-f]{32})\.json", re.ASCII)
_LONGEST_ENTITY = 150
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_ENTITY = re.compile(r"(stack|account)\.((?:[a-z0-9.-]|_[0-9a-f]{2})+)", re.ASCII)


class StackKey(NamedTuple):
    """What a key below `stacks/` says: a stack's segment, and the start of a digest of its backend's URL."""

    segment: str
    backend: str


class PackKey(NamedTuple):
    """What a key below `packs/<name>/` says.

    `number` counts yanks and restores together (odd yanks, even restores), and seals by themselves.
    """

    kind: Literal["record", "tombstone", "revision", "seal"]
    version: Version
    number: int = 0


class BundleKey(NamedTuple):
    """What a key below `bundles/<name>/` says; `sha256` is that of the compressed bundle, in hex."""

    version: Version
    sha256: str


def pack_prefix(name: str) -> str:
    """Where everything but the bundles of a pack is."""
    return f"{PACKS}{name}/"


def record_key(name: str, version: Version) -> str:
    """Where the record of a release is; creating it is the moment of publishing."""
    return f"{PACKS}{name}/v/{version.key}"


def tombstone_key(name: str, version: Version) -> str:
    """Where the tombstone of a removed release is."""
    return f"{PACKS}{name}/x/{version.key}"


def revisions_prefix(name: str, version: Version) -> str:
    """Where the yanks and restores of a release are, and its seals."""
    return f"{PACKS}{name}/y/{version.key}/"


def revision_key(name: str, version: Version, number: int) -> str:
    """Where a yank (odd `number`) or a restore (even `number`, counted from 1) of a release is."""
    return f"{revisions_prefix(name, version)}{number:06d}-{'yanked' if number % 2 else 'restored'}"


def seal_key(name: str, version: Version, number: int) -> str:
    """Where the seal with this number, from 1, of a release is."""
    return f"{revisions_prefix(name, version)}{number:06d}-sealed"


def bundles_prefix(name: str, version: Version | None = None) -> str:
    """Where the bundles of a pack, or of one of its versions, are."""
    return f"{BUNDLES}{name}/" if version is None else f"{BUNDLES}{name}/{version.key}/"


def bundle_key(name: str, version: Version, sha256: str) -> str:
    """Where the bundle with this sha256 (of the compressed bytes, hex) is."""
    return f"{BUNDLES}{name}/{version.key}/{sha256}.tgz"


def artifact_key(sha256: str) -> str:
    """Where the artifact with this sha256 (hex) is."""
    return f"{ARTIFACTS}{sha256}"


def read_artifact_key(key: str) -> str | None:
    """The sha256 in a key below `artifacts/`; None if it is none of ours."""
    match = _ARTIFACT.fullmatch(key)
    return match[1] if match else None


def environment_prefix(name: str) -> str:
    """Where the chain of an environment's revisions is."""
    return f"{ENVIRONMENTS}{name}/r/"


def environment_tags_prefix(name: str) -> str:
    """Where the chain of an environment's tags is."""
    return f"{ENVIRONMENTS}{name}/t/"


def runs_prefix(run: str, segment: str = "") -> str:
    """Where the chain of an entity's entries of a kind of run is; `segment` is `entity_segment`'s.

    Without a segment it is where the chains of all entities are, one below each segment.
    """
    return f"{RUNS}{run}/{segment}/" if segment else f"{RUNS}{run}/"


def reports_prefix(run: str, segment: str = "") -> str:
    """Where the reports of an entity and kind of run are, or of all entities, as in `runs_prefix`."""
    return f"{REPORTS}{run}/{segment}/" if segment else f"{REPORTS}{run}/"


def stack_prefix(stack: str) -> str:
    """Where the objects that say which backends have a stack are."""
    return f"{STACKS}{entity_segment('stack', stack)}/"


def stack_key(stack: str, backend: str) -> str:
    """Where it says that a backend, by the start of a digest of its URL, has a stack."""
    return f"{stack_prefix(stack)}{backend}.json"


def read_stack_key(key: str) -> StackKey | None:
    """What a key below `stacks/` means; None if it is none of ours."""
    match = _STACK.fullmatch(key.removeprefix(STACKS))
    return StackKey(match[1], match[2]) if match else None


def entity_segment(kind: str, name: str) -> str:
    """A stack or account as a segment of a key, each by its own: `stack.organization.shop.prod`.

    A slash is a dot, other characters but a-z, 0-9 and the dash are `_` and two hex digits for each byte of
    UTF-8; what gets too long ends with its sha256.
    """
    text = "".join(
        c if c in _PLAIN else "." if c == "/" else "".join(f"_{byte:02x}" for byte in c.encode())
        for c in name.removesuffix("/")
    )
    text += "_2f" * name.endswith("/")
    whole = f"{kind}.{text}"
    if len(whole) <= _LONGEST_ENTITY:
        return whole
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f"{whole[:80]}_h{digest}"  # "_h" is in no other segment


def read_entity_segment(segment: str) -> tuple[Literal["stack", "account"], str] | None:
    """Kind and name of a segment's entity; None if the name was too long to tell, or it is none of ours."""
    match = _ENTITY.fullmatch(segment)
    if match is None:
        return None
    encoded = match[2].replace(".", "_2f")
    data = re.sub(r"_([0-9a-f]{2})", lambda byte: chr(int(byte[1], 16)), encoded).encode("latin-1")
    try:
        name = data.decode()
    except UnicodeDecodeError:
        return None
    kind: Literal["stack", "account"] = "stack" if match[1] == "stack" else "account"
    return (kind, name) if entity_segment(kind, name) == segment else None


def read_pack_key(name: str, key: str) -> PackKey | None:
    """What a key below `packs/<name>/` means; None if it is none of ours."""
    parts = key.removeprefix(pack_prefix(name)).split("/")
    version = _version(parts[1]) if len(parts) > 1 else None
    if version is None:
        return None
    if len(parts) == 2 and parts[0] == "v":
        return PackKey("record", version)
    if len(parts) == 2 and parts[0] == "x":
        return PackKey("tombstone", version)
    if len(parts) != 3 or parts[0] != "y":
        return None
    match = re.fullmatch(_REVISION, parts[2], re.ASCII)
    number = int(match[1]) if match else 0
    if number and key == revision_key(name, version, number):
        return PackKey("revision", version, number)
    match = re.fullmatch(_SEAL, parts[2], re.ASCII)
    number = int(match[1]) if match else 0
    return PackKey("seal", version, number) if number else None


def read_bundle_key(name: str, key: str) -> BundleKey | None:
    """What a key below `bundles/<name>/` means; None if it is none of ours."""
    parts = key.removeprefix(bundles_prefix(name)).split("/")
    version = _version(parts[0]) if len(parts) == 2 else None
    match = re.fullmatch(_BUNDLE, parts[1], re.ASCII) if version else None
    return BundleKey(version, match[1]) if version and match else None


def read_name(prefix: str, top: str) -> str | None:
    """The pack name in a listed prefix such as `packs/<name>/` below `top`; None if it is none of ours."""
    name = prefix.removeprefix(top).removesuffix("/")
    return None if name_problem(name) else name


def _version(text: str) -> Version | None:
    """A version as it stands in a key: in lower case, so that there is one key for each."""
    if version_problem(text)[0]:
        return None
    version = Version(text)
    return version if version.key == text else None
