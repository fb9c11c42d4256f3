"""The packages of an npm lock as files: which a registry keeps, and where npm looks for them.

If the lock names an address for a package, npm looks for it in its cache by its integrity before it asks a
registry (npm 11: pacote's `FetcherBase`, cacache's content-v2). So `npm ci --offline` needs only a cache that
holds the contents, without npm's index of them.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from packreg.errors import IntegrityError
from packreg.files import write_file
from packreg.install.kept_files import FETCHERS
from packreg.registry.artifacts import Artifact
from packreg.threads import at_once

if TYPE_CHECKING:
    from packreg.install.targets import Target

#: npm takes this host for "whichever registry is configured".
_DEFAULT = "registry.npmjs.org"
#: Strongest first: of the digests in an integrity only the strongest counts, as in npm's ssri.
_ALGORITHMS = ("sha512", "sha384", "sha256", "sha1")


class Tarball(NamedTuple):
    """A package of a lock: its name, version, integrity and address (`resolved`, "" for any registry).

    `entry` is its whole entry in the lock.
    """

    name: str
    version: str
    integrity: str
    resolved: str
    entry: Mapping[str, Any]

    @property
    def file(self) -> str:
        """The name of its file in a packreg registry."""
        return f"{self.name.replace('/', '+')}-{self.version}.tgz"

    @property
    def spec(self) -> str:
        """What npm is told to fetch: the address if not the default registry's, else name and version."""
        if self.resolved and urlsplit(self.resolved).hostname != _DEFAULT:
            return self.resolved
        return f"{self.name}@{self.version}"

    def proved(self, data: bytes) -> bytes:
        """The same bytes, checked against the integrity. Raises: IntegrityError: they do not match."""
        if not list(self.contents(data)):
            raise IntegrityError(
                f"{self.file} does not have the integrity that the lock says, {self.integrity[:200]}",
                hint="nothing was installed; find out who replaced it, with `packreg verify`",
            )
        return data

    def contents(self, data: bytes | None = None) -> Iterator[str]:
        """The paths of the bytes in npm's cache, one for each digest that counts.

        With `data` only the paths for digests that these bytes have.
        """
        digests = [word.partition("-") for word in self.integrity.split()]
        best = next((a for a in _ALGORITHMS if any(algorithm == a for algorithm, _, _ in digests)), "")
        for algorithm, _, encoded in digests:
            with suppress(ValueError):
                digest = base64.b64decode(encoded.partition("?")[0], validate=True).hex()
                is_it = data is None or hashlib.new(algorithm, data).hexdigest() == digest
                if algorithm == best and digest and is_it:
                    yield f"_cacache/content-v2/{algorithm}/{digest[:2]}/{digest[2:4]}/{digest[4:]}"


def tarballs(lock: bytes) -> tuple[Tarball, ...]:
    """The packages of a lock that `lock_problems` has checked, each once, without bundled ones."""
    found = (_tarball(name, entry) for name, entry in _entries(json.loads(lock)))
    return tuple(
        {(each.name, each.version, each.integrity): each for each in found if each is not None}.values()
    )


def lacking(
    packages: Iterable[Tarball], target: Target, kept: Iterable[Artifact], *, production: bool = False
) -> tuple[Tarball, ...]:
    """The packages that npm installs on a target and that are not among the `kept`."""
    names = {artifact.name for artifact in kept}
    return tuple(
        package
        for package in packages
        if target.takes(package.entry)
        and not (production and package.entry.get("dev"))
        and package.file not in names
    )


def with_addresses(lock: bytes) -> bytes:
    """The lock with an address for every package: npm looks into its cache only for those that have one."""
    whole = json.loads(lock)
    for name, entry in _entries(whole):
        package = _tarball(name, entry)
        if package is not None and not package.resolved:
            base = package.name.rpartition("/")[2]
            entry["resolved"] = f"https://{_DEFAULT}/{package.name}/-/{base}-{package.version}.tgz"
    return json.dumps(whole).encode()


def fill(
    cache: Path, packages: Iterable[Tarball], kept: Sequence[Artifact], fetch: Callable[[Artifact], bytes]
) -> None:
    """Put kept files into npm's cache at `cache`, at the paths where npm looks for these packages.

    Raises:
        IntegrityError: a file is not what the lock says; and what `fetch` raises.
        OSError: the disk refuses.
    """
    by_name: dict[str, list[Tarball]] = {}
    for package in packages:
        by_name.setdefault(package.file, []).append(package)

    def put(artifact: Artifact) -> None:
        data = fetch(artifact)
        for package in by_name.get(artifact.name, ()):
            for place in package.contents(package.proved(data)):
                write_file(cache / place, data, parents=True, durable=False)

    at_once(FETCHERS, put, kept)


def _entries(lock: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The entries of a lock of any version, each with its place in the tree or its name."""
    packages = lock.get("packages")
    if isinstance(packages, dict):
        yield from ((place, entry) for place, entry in packages.items() if place and not entry.get("link"))
        return
    waiting = [lock.get("dependencies") or {}]
    while waiting:
        for name, entry in waiting.pop().items():
            yield name, entry
            waiting.append(entry.get("dependencies") or {})


def _tarball(place: str, entry: Mapping[str, Any]) -> Tarball | None:
    integrity, resolved = entry.get("integrity"), entry.get("resolved")
    if not isinstance(integrity, str):
        return None  # it is bundled in another package
    name, version = str(entry.get("name") or place.rpartition("node_modules/")[2]), str(entry.get("version"))
    if version.startswith("npm:"):  # how locks of version 1 write an alias
        name, _, version = version.removeprefix("npm:").rpartition("@")
    return Tarball(name, version, integrity, resolved if isinstance(resolved, str) else "", entry)
