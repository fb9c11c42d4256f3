"""The guard against the Pulumi CLI that is given the same five packs: whole previews of a YAML program.

    python benchmarks/guard.py [--sizes 100,1000] [--rounds 5] [--on DIRECTORY]

Wants Go for the Pulumi CLI, which is built once into `.build/`. The packs are installed beforehand for both.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from judging import shims
from measure import Case, alone, command, measure
from programs import ROOT, pulumi_directories

SIZES = (100, 1_000)
PACKS = 5
#: One bucket in twenty is open; every policy looks at every resource. Nothing denies.
SOURCE = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy, StackValidationPolicy

def private(args, report):
    if args.props.get("acl") == "public-read":
        report(f"{args.name} is open to everybody")

def owned(args, report):
    if args.resource_type == "demo:index:Bucket" and not args.props.get("owner"):
        report(f"{args.name} has no owner")

def kept(args, report):
    if args.props.get("retentionDays", 30) < 7:
        report(f"{args.name} is not kept long enough")

def unique(args, report):
    names = [resource.name for resource in args.resources if resource.resource_type == "demo:index:Bucket"]
    if len(set(names)) < len(names):
        report("names are used twice")

PolicyPack("NAME", enforcement_level=EnforcementLevel.ADVISORY, policies=[
    ResourceValidationPolicy("private", "Buckets are private.", private),
    ResourceValidationPolicy("owned", "Buckets have owners.", owned),
    ResourceValidationPolicy("kept", "Buckets are kept.", kept),
    StackValidationPolicy("unique", "Names are unique.", unique),
])
"""


def guard(on: Path, rounds: int, small: bool = False, sizes: Sequence[int] = SIZES) -> str:
    """A table for each number of resources; if `small`, one of 20 by one pack."""
    pulumi = pulumi_directories(build=not small)
    with tempfile.TemporaryDirectory(dir=on) as scratch:
        bench = _Bench(Path(scratch), pulumi, 1 if small else PACKS)
        return "\n".join(bench.previews(size, rounds, not small) for size in ((20,) if small else sizes))


class _Bench:
    """Packs in a registry, required of everybody, and the CLI with a provider and a backend."""

    def __init__(self, scratch: Path, pulumi: Sequence[Path], packs: int) -> None:
        self.scratch = scratch
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")},
            "HOME": str(scratch / "user"),
            "PACKREG_HOME": str(scratch / "home"),
            "PACKREG_REGISTRY": (scratch / "registry").as_uri(),
            "PULUMI_HOME": str(scratch / "pulumi"),
            "PULUMI_BACKEND_URL": (scratch / "backend").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "passphrase",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "NO_COLOR": "1",
        }
        for name in ("user", "pulumi", "backend", "bin"):
            (scratch / name).mkdir()
        self.packs = [self._installed(f"pack-{number}") for number in range(packs)]
        provider = scratch / "bin" / "pulumi-resource-demo"
        python = (
            self.packs[0] / "venv" / "bin" / "python"
        )  # it has the SDK, whose protocol the provider speaks
        provider.write_text(f'#!/bin/sh\nexec "{python}" "{ROOT}/tests/e2e/demo_provider.py" "$@"\n')
        provider.chmod(0o755)
        places = (shims(scratch), *pulumi, provider.parent, Path(sys.executable).parent)
        self.environ["PATH"] = os.pathsep.join([*map(str, places), os.environ["PATH"]])

    def previews(self, size: int, rounds: int, warm_up: bool) -> str:
        """Whole previews, side by side."""
        project = self._project(size)
        words = [word for pack in self.packs for word in ("--policy-pack", str(pack))]
        analyzer = Path(sys.executable).with_name("pulumi-analyzer-policy-packreg")
        cases = [
            Case(f"pulumi preview, {len(self.packs)} times --policy-pack", self._preview(project, words)),
            Case("pulumi preview, the guard", self._preview(project, [], analyzer)),
            Case("pulumi preview, no packs", self._preview(project, [])),
        ]
        title = f"A preview with {len(self.packs)} Python packs, {size:,} resources"
        return measure(title, cases, rounds, warm_up=warm_up)

    def _preview(
        self, project: Path, words: Sequence[str], analyzer: Path | None = None
    ) -> Callable[[], None]:
        more = {"PULUMI_OPTION_POLICY_PACK": str(analyzer)} if analyzer is not None else {}
        line = ("pulumi", "preview", "--non-interactive", "--stack", "dev", *words)
        return command(*line, cwd=project, env={**self.environ, **more})

    def _installed(self, name: str) -> Path:
        """Publish a pack, require it of everybody, install it."""
        pack = self.scratch / name
        pack.mkdir()
        manifest = "runtime:\n  name: python\n  options:\n    virtualenv: venv\nversion: 1.0.0\n"
        (pack / "PulumiPolicy.yaml").write_text(manifest)
        (pack / "__main__.py").write_text(SOURCE.replace("NAME", name))
        (pack / "requirements.txt").write_text("pulumi>=3,<4\npulumi-policy>=1,<2\n")
        release = f"{name}@1.0.0"
        for words in (("init",), ("publish", pack), ("enable", "--yes", release), ("install", release)):
            line = (sys.executable, "-m", "packreg", *words, "--quiet")
            command(*line, cwd=self.scratch, env=self.environ)()
        [place] = (self.scratch / "home" / "packs").glob(f"*/{name}/1.0.0")
        return place

    def _project(self, size: int) -> Path:
        """A YAML program of so many buckets, and its stack."""
        project = self.scratch / f"program-{size}"
        project.mkdir()
        lines = [f"name: bench-{size}", "runtime: yaml", "resources:"]
        for number in range(size):
            acl = "private" if number % 20 else "public-read"
            lines += [f"  bucket-{number}:", "    type: demo:index:Bucket"]
            lines += [f"    properties: {{acl: {acl}, owner: ada, retentionDays: 30}}"]
        (project / "Pulumi.yaml").write_text("\n".join(lines) + "\n")
        command("pulumi", "stack", "init", "dev", "--non-interactive", cwd=project, env=self.environ)()
        return project


if __name__ == "__main__":
    alone(__doc__, guard, SIZES, rounds=5)
