"""packreg.lock: which packs a project runs, exactly.

    version = 1

    [[pack]]
    name = "aws-guard"
    version = "1.2.0"
    sha256 = "9f86d0…"      # the identity: of the uncompressed tar, the same on every machine

One entry for each pack, sorted by name and written in one order, so that a changed pin is one changed hunk.
It names no registry: the digest says what is meant, wherever it comes from.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from packreg.cli.atomic import write_atomically
from packreg.errors import UsageError
from packreg.pack.reference import Reference, digest_problem
from packreg.pack.version import Version, VersionRange, pack_name

FILE_NAME = "packreg.lock"
MAX_FILE = 4 * 1024 * 1024
_HEAD = (
    "# Written by `packreg lock`; install exactly these packs with `packreg install --locked`.\nversion = 1\n"
)
_KEYS = {"name", "version", "sha256"}


@dataclass(frozen=True, slots=True)
class Pin:
    """One pack of a lock. `digest` is its identity, `sha256:…`."""

    name: str
    version: Version
    digest: str

    @property
    def reference(self) -> Reference:
        """The exact reference."""
        return Reference(self.name, self.version)

    def admits(self, reference: Reference) -> bool:
        """Whether `reference` may mean this pin: the same pack, and this version, digest, range or none."""
        wanted = reference.wanted
        if reference.name != self.name:
            return False
        if isinstance(wanted, VersionRange):
            return self.version in wanted
        if isinstance(wanted, Version):
            return wanted == self.version
        return wanted in (None, self.digest)


def find_lock(directory: Path) -> Path | None:
    """The packreg.lock in `directory` or the nearest directory above that has one."""
    for place in (directory, *directory.parents):
        if (place / FILE_NAME).is_file():
            return place / FILE_NAME
    return None


def read_lock(path: Path) -> dict[str, Pin]:
    """The pins of a lock by name.

    Raises:
        UsageError: the file cannot be read or is no lock.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
        if len(data) > MAX_FILE:
            raise UsageError(f"{path} has more than {MAX_FILE} bytes")
        document = tomllib.loads(data.decode("utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not TOML: {error}", hint="write it again with `packreg lock`") from None
    if document.get("version") != 1:
        raise UsageError(
            f"{path} has version {document.get('version')!r}, this packreg reads 1", hint="upgrade packreg"
        )
    entries = document.get("pack", [])
    if not isinstance(entries, list) or set(document) - {"version", "pack"}:
        raise UsageError(f"{path} is not a lock of packreg", hint="write it again with `packreg lock`")
    pins: dict[str, Pin] = {}
    for number, entry in enumerate(entries, 1):
        pin = _read_pin(entry, f"{path}: pack {number}")
        if pin.name in pins:
            raise UsageError(f"{path} pins {pin.name} twice", hint="keep one of the entries")
        pins[pin.name] = pin
    return pins


def _read_pin(entry: object, where: str) -> Pin:
    if (
        not isinstance(entry, dict)
        or set(entry) != _KEYS
        or not all(isinstance(v, str) for v in entry.values())
    ):
        raise UsageError(f"{where}: an entry has exactly name, version and sha256, all of them strings")
    digest = f"sha256:{entry['sha256']}"
    if digest_problem(digest):
        raise UsageError(f"{where}: sha256 must be 64 lower-case hex digits")
    try:
        return Pin(pack_name(entry["name"]), Version(entry["version"]), digest)
    except UsageError as error:
        raise UsageError(f"{where}: {error}", hint=error.hint) from None


def write_lock(path: Path, pins: dict[str, Pin]) -> None:
    """Write a lock in one step; names, versions and digests hold nothing that TOML would have to escape."""
    text = _HEAD
    for _, pin in sorted(pins.items()):
        sha256 = pin.digest.removeprefix("sha256:")
        text += f'\n[[pack]]\nname = "{pin.name}"\nversion = "{pin.version}"\nsha256 = "{sha256}"\n'
    write_atomically(path, text.encode("utf-8"))
