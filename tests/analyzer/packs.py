"""Real packs to run: those of the repository, installed with the real SDKs, and small ones made here."""

from __future__ import annotations

import json
import os
import shutil
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from packreg.analyzer.evaluation import PackToRun
from packreg.analyzer.pack_program import pack_environment, pack_program
from packreg.analyzer.program import Deadlines, Program, Stack
from packreg.configuration.file import Layer
from packreg.install.lock_dependencies import lock_dependencies
from packreg.pack.check import load_pack
from packreg.pack.manifest import parse_manifest
from packreg.pack.problems import Problems
from packreg.pack.reference import Reference
from packreg.registry.record import Source
from packreg.services.pack_programs import configured
from packreg.states.resources import read_resources
from packreg.states.snapshot import Snapshot
from tests.install.shop import Shop, checked, kept_home, python_pack, tools_in

FIXTURES = Path(__file__).parents[2] / "fixtures"
BUCKET = "demo:index:Bucket"


@dataclass(frozen=True)
class Sdks:
    """Installed packs: a Python interpreter with the SDK, a node_modules with it, and where packs may go."""

    python: Path
    node_modules: Path
    packs: Mapping[str, Path]


def install(root: Path, names: Sequence[str]) -> dict[str, Path]:
    """Publish these fixtures into a registry, and install them from there; the directories by name."""
    shop, home = Shop(root / "registry"), kept_home(root / "home")
    shop.registry().init()
    tools = tools_in(home)

    def place(name: str) -> Path:
        pack = load_pack(FIXTURES / name)
        record = (
            shop.registry()
            .publish(
                pack,
                lock=lock_dependencies(pack, tools),
                source=Source(),
                publisher="tests",
                tool="packreg 0",
            )
            .record
        )
        return shop.installer(home, tools).install(Reference.parse(str(record.reference))).path

    with ThreadPoolExecutor() as threads:
        return dict(zip(names, threads.map(place, names), strict=True))


def installed_once(factory: pytest.TempPathFactory, names: Sequence[str]) -> tuple[Path, dict[str, Path]]:
    """The root of `install` and what it gave, once for all workers of a test run: nobody changes them."""
    base = factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    root = base / f"packs-{'-'.join(names)}"
    with FileLock(f"{root}.lock"):
        done = root / "packs.json"
        if not done.exists():
            shutil.rmtree(root, ignore_errors=True)  # of a worker that was ended meanwhile
            root.mkdir()
            packs = install(root, names)
            done.write_text(json.dumps({name: str(path) for name, path in packs.items()}))
        return root, {name: Path(path) for name, path in json.loads(done.read_text()).items()}


def install_sdk(root: Path, *requirements: str) -> Path:
    """The interpreter of an environment with these requirements, made by packreg."""
    shop, home = Shop(root / "registry"), kept_home(root / "home")
    tools = tools_in(home)
    files = python_pack(requirements="\n".join(requirements) + "\n")
    record = shop.publish(files, lock=lock_dependencies(checked(files), tools))
    path = shop.installer(home, tools).install(Reference.parse(str(record.reference))).path
    return path / "venv" / "bin" / "python"


def program(
    directory: Path,
    *,
    python: Path | None = None,
    memory: int = 0,
    digest: str = "",
    stack: Stack | None = None,
    deadlines: Deadlines | None = None,
) -> Program:
    """The program of the pack in a directory, called like the directory."""
    manifest = parse_manifest((directory / "PulumiPolicy.yaml").read_bytes(), Problems())
    assert manifest is not None
    environment = pack_environment(os.environ, stack=stack)
    return pack_program(
        directory.name,
        directory,
        manifest,
        environment,
        python=python,
        memory=memory,
        digest=digest,
        stack=stack,
        deadlines=deadlines,
    )


def runnable(directory: Path, layers: Sequence[Layer] = (), **options: object) -> PackToRun:
    """The pack in a directory, configured by its own defaults and these layers."""
    return PackToRun(program(directory, **options), configured(layers), "1.0.0")  # type: ignore[arg-type]


def python_source(directory: Path, source: str) -> Path:
    """A Python pack with this program."""
    directory.mkdir(parents=True)
    (directory / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 1.0.0\n")
    (directory / "__main__.py").write_text(textwrap.dedent(source))
    return directory


def buckets(*named: str, **properties: object) -> Snapshot:
    """Public buckets with these names and properties."""
    return listed(
        {"type": BUCKET, "name": name, "properties": {"acl": "public", **properties}} for name in named
    )


def listed(resources: Iterable[Mapping[str, object]]) -> Snapshot:
    """These resources, as from a list."""
    return read_resources("\n".join(map(json.dumps, resources)).encode(), "resources.jsonl")


def short(urn: str) -> str:
    """The name in a URN."""
    return urn.rpartition("::")[2]
