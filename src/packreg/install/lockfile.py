"""packreg.lock: which packs a project runs, exactly.

    version = 1

    [[pack]]
    name = "aws-guard"
    version = "1.2.0"
    sha256 = "9f86d0…"      # the identity: of the uncompressed tar, the same on every machine

One entry for each pack, sorted by name and with its keys in a fixed order, so that a changed pin is one
changed hunk. It names no registry: the digest identifies the release, whichever registry it comes from.

It is extended as the registry's objects are (`registry.formats`): keys that this packreg does not know are
ignored and kept. Keys that must not be ignored are listed in `needs`, in a lock of version 2.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from typing import NamedTuple

from packreg.errors import IntegrityError, StoreRefused, UsageError
from packreg.files import read_file
from packreg.pack.reference import Reference, digest_problem
from packreg.pack.version import Version, VersionRange, pack_name
from packreg.registry.formats import FORMAT, WITH_NEEDS, check

FILE_NAME = "packreg.lock"
MAX_FILE = 4 * 1024 * 1024
_HEAD = "# Written by `packreg lock`; install exactly these packs with `packreg install --locked`.\n"
_KEYS = ("name", "version", "sha256")


@dataclass(frozen=True, slots=True)
class Pin:
    """One pack of a lock. `digest` is its identity, `sha256:…`; `unknown` are keys of a newer packreg."""

    name: str
    version: Version
    digest: str
    unknown: Mapping[str, object] = field(default_factory=dict)

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


class Lockfile(NamedTuple):
    """The pins of a lock by name, and the keys beside them that a newer packreg wrote."""

    pins: dict[str, Pin]
    unknown: Mapping[str, object] = {}


def find_lock(directory: Path) -> Path | None:
    """The packreg.lock in `directory` or the nearest directory above that has one; else None."""
    for place in (directory, *directory.parents):
        if (place / FILE_NAME).is_file():
            return place / FILE_NAME
    return None


def read_lock(path: Path) -> Lockfile:
    """The pins of a lock.

    Raises:
        UsageError: the file cannot be read, is no lock, or needs a newer packreg.
    """
    try:
        document = tomllib.loads(read_file(path, MAX_FILE).decode("utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not TOML: {error}", hint="write it again with `packreg lock`") from None
    try:
        check({"format": document.get("version"), "needs": document.get("needs", [])}, str(path))
    except (IntegrityError, StoreRefused) as error:
        message = f"{path} has version {document.get('version')!r}: {error}"
        raise UsageError(message, hint="upgrade packreg, or write it again with `packreg lock`") from None
    entries = document.get("pack", [])
    if not isinstance(entries, list):
        raise UsageError(f"{path} is not a lock of packreg", hint="write it again with `packreg lock`")
    pins: dict[str, Pin] = {}
    for number, entry in enumerate(entries, 1):
        pin = _read_pin(entry, f"{path}: pack {number}")
        if pin.name in pins:
            raise UsageError(f"{path} pins {pin.name} twice", hint="keep one of the entries")
        pins[pin.name] = pin
    return Lockfile(pins, _without(document, ("version", "pack")))


def _read_pin(entry: object, where: str) -> Pin:
    if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in _KEYS):
        raise UsageError(f"{where}: an entry has name, version and sha256, all of them strings")
    digest = f"sha256:{entry['sha256']}"
    if digest_problem(digest):
        raise UsageError(f"{where}: sha256 must be 64 lower-case hex digits")
    try:
        return Pin(pack_name(entry["name"]), Version(entry["version"]), digest, _without(entry, _KEYS))
    except UsageError as error:
        raise UsageError(f"{where}: {error}", hint=error.hint) from None


def pins_of(directory: Path, references: Sequence[Reference]) -> list[Pin]:
    """The pins that `references` mean, or all pins without references, from the lock found from `directory`.

    Raises:
        UsageError: there is no lock, or a reference means none of its pins.
    """
    path = find_lock(directory)
    if path is None:
        raise UsageError(
            f"there is no {FILE_NAME} here or above", hint="write one with `packreg lock REF...`"
        )
    pins = read_lock(path).pins
    chosen: list[Pin] = list(pins.values()) if not references else []
    for reference in references:
        pin = pins.get(reference.name)
        if pin is None:
            raise UsageError(
                f"{path} does not pin {reference.name}", hint=f"add it with `packreg lock {reference}`"
            )
        if not pin.admits(reference):
            raise UsageError(
                f"{path} pins {pin.name} to {pin.version}, not to {reference.wanted}",
                hint=f"change it with `packreg lock {reference}`",
            )
        chosen.append(pin)
    return chosen


def lock_text(lock: Lockfile) -> str:
    """The text of a lock; keys that a newer packreg wrote into it stay."""
    needs = lock.unknown.get("needs")
    text = f"{_HEAD}version = {WITH_NEEDS if needs else FORMAT}\n" + _lines(lock.unknown)
    for _, pin in sorted(lock.pins.items()):
        keys = {"name": pin.name, "version": pin.version.text, "sha256": pin.digest.removeprefix("sha256:")}
        text += "\n[[pack]]\n" + _lines({**keys, **pin.unknown})
    return text


def _without(table: Mapping[str, object], known: Collection[str]) -> dict[str, object]:
    return {key: value for key, value in table.items() if key not in known}


def _lines(table: Mapping[str, object]) -> str:
    return "".join(f"{_key(key)} = {_toml(value)}\n" for key, value in table.items())


def _key(key: str) -> str:
    return key if re.fullmatch("[A-Za-z0-9_-]+", key, re.ASCII) else _toml(key)


def _toml(value: object) -> str:
    """A value from `tomllib` as TOML, with tables inline; JSON's escapes in strings are valid in TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, date | time):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
