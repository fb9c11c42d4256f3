"""A user with a home of their own, a registry in a directory, and small packs that need no network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from packreg.cli.start import main


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


@dataclass
class User:
    """Types commands in `directory`; nothing of the machine's own configuration reaches them."""

    directory: Path
    top: Path
    capture: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        """The whole environment of a command."""
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
        return {**kept, "HOME": str(self.top / "user"), "PYTHONPATH": os.pathsep.join(sys.path), **self.extra}

    def __call__(self, *words: str | Path) -> Done:
        """Run a command line in this process."""
        environ = self.environ
        with self.monkeypatch.context() as patch:
            for name in list(os.environ):
                patch.delenv(name)
            for name, value in environ.items():
                patch.setenv(name, value)
            patch.chdir(self.directory)
            self.capture.readouterr()
            code = main([str(word) for word in words])
        out, err = self.capture.readouterr()
        return Done(code, out, err)

    def must(self, *words: str | Path) -> Done:
        """Run a command line that has to succeed."""
        done = self(*words)
        assert done.code == 0, done
        return done

    def process(
        self, *words: str | Path, within: Sequence[str] = (), **more: Any
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command line as a process of its own; `within` is the command that starts it."""
        command = [*within, sys.executable, "-m", "packreg", *map(str, words)]
        return subprocess.run(
            command,
            cwd=self.directory,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=120,
            **more,
        )

    def publish(self, name: str, version: str, *, run: bool = False, **more: Any) -> Path:
        """Write an OPA pack and publish it; only with `run` it is run, which takes twice as long."""
        directory = write_pack(self.top / "packs" / f"{name}-{version}", name, version, **more)
        self.must("publish", directory, "--quiet", *([] if run else ["--no-run"]))
        return directory


def write_pack(
    directory: Path,
    name: str,
    version: str,
    *,
    description: str = "Keeps buckets private.",
    files: Mapping[str, str] | None = None,
) -> Path:
    """An OPA pack: whole, and with nothing to install."""
    package = name.replace("-", "_")
    directory.mkdir(parents=True, exist_ok=True)
    manifest = f"runtime: opa\nversion: {version}\ndescription: {json.dumps(description)}\n"
    (directory / "PulumiPolicy.yaml").write_text(manifest, "utf-8")
    rego = f'package {package}\n\nimport rego.v1\n\ndeny contains message if {{\n\tmessage := "no"\n}}\n'
    (directory / "policy.rego").write_text(rego, "utf-8")
    for path, text in (files or {}).items():
        (directory / path).write_text(text, "utf-8")
    return directory


@pytest.fixture
def user(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> User:
    """A user in an empty directory."""
    directory = tmp_path / "work"
    directory.mkdir()
    (tmp_path / "user").mkdir()
    return User(directory, tmp_path, capfd, monkeypatch)
