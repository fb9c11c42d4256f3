"""How long an install takes: against the Pulumi CLI's own sequence, plain uv, and npm.

Every case starts from the published bundle and ends with a pack that can run. The Pulumi CLI's sequence is
what it does for an enforced pack: unpack, `python -m venv`, `pip install --upgrade pip setuptools wheel`,
`pip install -r requirements.txt`.
"""

from __future__ import annotations

import os
import shutil
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

from measure import Case, command, measure
from programs import need

FIXTURES = Path(__file__).parent.parent / "fixtures"
PACKREG = Path(sys.executable).with_name("packreg")
UV = Path(sys.executable).with_name("uv")


@dataclass
class Bench:
    """One scratch directory with a registry, a home, and every tool's cache inside it."""

    root: Path
    environ: dict[str, str]

    @classmethod
    def on(cls, directory: Path) -> Bench:
        """A fresh scratch directory below `directory`; its file system is what is measured."""
        root = directory / f"packreg-benchmark-{os.getpid()}"
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        environ = dict(os.environ) | {
            "HOME": str(root / "user"),
            "PACKREG_HOME": str(root / "home"),
            "PACKREG_REGISTRY": str(root / "registry"),
            "UV_CACHE_DIR": str(root / "cache-uv"),
            "PIP_CACHE_DIR": str(root / "cache-pip"),
            "NPM_CONFIG_CACHE": str(root / "cache-npm"),
            "VIRTUALENV_OVERRIDE_APP_DATA": str(root / "cache-virtualenv"),
        }
        bench = cls(root, environ)
        bench.packreg("init", "--quiet")()
        return bench

    def packreg(self, *words: object) -> command:  # type: ignore[valid-type]
        """A case that runs packreg against this bench's registry and home."""
        return command(PACKREG, *words, cwd=self.root, env=self.environ)

    def publish(self, fixture: str) -> None:
        """Publish a fixture, with its lock, and keep its bundle for the peers."""
        self.packreg("publish", FIXTURES / fixture, "--allow-dirty", "--no-run", "--quiet")()
        self.packreg("download", f"{fixture}@1.0.0", "-o", self.root / f"{fixture}.tgz")()

    def unpack(self, fixture: str) -> Path:
        """What a peer starts with: the bundle, unpacked with the standard library."""
        place = self.root / "peer"
        shutil.rmtree(place, ignore_errors=True)
        with tarfile.open(self.root / f"{fixture}.tgz") as archive:
            archive.extractall(place, filter="data")
        return place / "package"

    def forget(self, *parts: str) -> None:
        """Remove directories of this bench; a case's `prepare` says with it what is not there yet."""
        for part in parts:
            shutil.rmtree(self.root / part, ignore_errors=True)

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.root, ignore_errors=True)


INSTALLED = ("home/packs", "home/bundles", "home/records", "home/remembered")


def python_packs(directory: Path, rounds: int, small: bool = False) -> str:
    """Tables for a pack that needs `pulumi` and `pulumi-policy`: warm caches, and cold ones.

    With `small` the peers are run once in all, with cold caches.
    """
    bench = Bench.on(directory)
    fixture = "python-guard"

    def pulumi() -> None:
        pack = bench.unpack(fixture)
        python = pack / "venv" / "bin" / "python"
        for words in (
            (sys.executable, "-m", "venv", pack / "venv"),
            (python, "-m", "pip", "install", "-q", "--upgrade", "pip", "setuptools", "wheel"),
            (python, "-m", "pip", "install", "-q", "-r", "requirements.txt"),
        ):
            command(*words, cwd=pack, env=bench.environ)()

    def plain_uv() -> None:
        pack = bench.unpack(fixture)
        venv = pack / "venv"
        command(UV, "venv", "-q", venv, cwd=pack, env=bench.environ)()
        python = venv / "bin" / "python"
        command(
            UV, "pip", "install", "-q", "-p", python, "-r", "requirements.txt", cwd=pack, env=bench.environ
        )()

    install = bench.packreg("install", f"{fixture}@1.0.0", "--quiet")
    peers = [Case("Pulumi CLI's sequence", pulumi), Case("uv venv, uv pip install", plain_uv)]
    caches = ("cache-uv", "cache-pip", "cache-virtualenv")
    try:
        bench.publish(fixture)
        warm = measure(
            "A Python pack, warm caches",
            [
                *([] if small else peers),
                Case("packreg, new environment", install, lambda: bench.forget("home/envs", *INSTALLED)),
                Case("packreg, environment in the store", install, lambda: bench.forget(*INSTALLED)),
                Case("packreg, already installed", install),
            ],
            rounds,
            warm_up=not small,
        )
        cold = measure(
            "A Python pack, cold caches",
            [
                Case("Pulumi CLI's sequence", pulumi, lambda: bench.forget(*caches)),
                Case("uv venv, uv pip install", plain_uv, lambda: bench.forget(*caches)),
                Case("packreg", install, lambda: bench.forget("home", *caches)),
            ],
            1 if small else max(3, rounds // 2),
            warm_up=False,
        )
    finally:
        bench.close()
    return f"{warm}\n{cold}"


def node_packs(directory: Path, rounds: int, small: bool = False) -> str:
    """A table for a Node.js pack with `@pulumi/policy`, npm's cache warm."""
    need("node", "npm")
    bench = Bench.on(directory)
    fixture = "nodejs-guard"

    def npm() -> None:
        pack = bench.unpack(fixture)
        command("npm", "install", "--loglevel=error", cwd=pack, env=bench.environ)()

    install = bench.packreg("install", f"{fixture}@1.0.0", "--quiet")
    try:
        bench.publish(fixture)
        return measure(
            "A Node.js pack, warm caches",
            [
                Case("npm install, as the Pulumi CLI does", npm),
                Case("packreg, new node_modules", install, lambda: bench.forget("home/node", *INSTALLED)),
                Case("packreg, node_modules in the store", install, lambda: bench.forget(*INSTALLED)),
                Case("packreg, already installed", install),
            ],
            rounds,
            warm_up=not small,
        )
    finally:
        bench.close()
