"""Registries with releases in them, made without the parts that tests of installing are not about."""

from __future__ import annotations

import hashlib
from pathlib import Path

from packreg.install.home import Home
from packreg.install.installer import Installer
from packreg.install.remembered import DiskMemory
from packreg.install.tools import Tools
from packreg.pack.bundle import encode
from packreg.pack.files import File
from packreg.pack.manifest import parse_manifest
from packreg.pack.problems import Problems
from packreg.pack.version import Version
from packreg.registry.layout import bundle_key, record_key
from packreg.registry.record import Lock, Record
from packreg.registry.registry import Registry
from packreg.store.url import open_store, parse_location

NOW = "2026-01-02T03:04:05Z"
PYTHON = "runtime:\n  name: python\n  options:\n    virtualenv: venv\nversion: 1.0.0\n"
MAIN = 'from pulumi_policy import PolicyPack\n\nPolicyPack("guard", policies=[])\n'


def pack_files(**files: str | bytes) -> dict[str, File]:
    """Files by path, in which `__` stands for a slash and `_dot_` for a dot."""
    named = {path.replace("__", "/").replace("_dot_", "."): data for path, data in files.items()}
    return {path: File(data.encode() if isinstance(data, str) else data) for path, data in named.items()}


class Shop:
    """A registry in a directory, and a way to put releases into it."""

    def __init__(self, root: Path) -> None:
        self.location = parse_location(str(root), cwd="/")
        self.store = open_store(self.location)

    def registry(self, home: Home | None = None) -> Registry:
        """The registry, remembering in `home` what never changes."""
        remembered = DiskMemory(home, self.location.id) if home else None
        return Registry(
            self.store, location=self.location, now=lambda: NOW, new_id=lambda: "id", remembered=remembered
        )

    def release(
        self,
        files: dict[str, File],
        *,
        name: str = "guard",
        version: str = "1.0.0",
        lock: Lock | None = None,
        notes: tuple[str, ...] = (),
    ) -> Record:
        """Put a release there as publishing would: bundle first, record last."""
        bundle = encode(files)
        problems = Problems()
        manifest = parse_manifest(files["PulumiPolicy.yaml"].data, problems)
        assert manifest is not None, problems.errors
        record = Record(
            name=name,
            version=Version(version),
            digest=bundle.digest,
            bundle_sha256=bundle.sha256,
            bundle_size=bundle.size,
            unpacked=bundle.unpacked,
            members=bundle.members,
            runtime=manifest.runtime,
            manifest=manifest.as_dict(),
            manifest_sha256=hashlib.sha256(files["PulumiPolicy.yaml"].data).hexdigest(),
            publisher="tests",
            published=NOW,
            tool="packreg tests",
            attempt="id",
            lock=lock,
            notes=notes,
        )
        self.store.create(bundle_key(name, record.version, bundle.sha256), bundle.data)
        self.store.create(record_key(name, record.version), record.encode())
        return record

    def installer(self, home: Home, tools: Tools, **options: object) -> Installer:
        """An installer from this registry into `home`."""
        return Installer(home, self.registry(home), tools, packreg="0.0.0", **options)  # type: ignore[arg-type]
