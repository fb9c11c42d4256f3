"""A user's shell, a user's stack, and the fixtures published, for the end-to-end tests."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"


class Pulumi(NamedTuple):
    """A Pulumi CLI: its version, and the directories for PATH with it and what it starts."""

    version: str
    places: tuple[Path, ...]


@dataclass(frozen=True)
class Shell:
    """Runs command lines with an environment of its own, as a user types them."""

    environment: Mapping[str, str]
    directory: Path

    def run(self, line: str, *before: str) -> tuple[int, str]:
        """The exit code and all output of a command line; `before` is put before the shell that runs it."""
        done = subprocess.run(
            [*before, "sh", "-c", line],
            cwd=self.directory,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=600,
        )
        print(f"$ {line}\n{done.stdout}exit {done.returncode}")
        return done.returncode, done.stdout

    def answer(self, line: str) -> tuple[int, str]:
        """The exit code and what was written to stdout, without what was said beside it."""
        said = self.directory / "stderr.txt"
        code, output = self.run(f"{line} 2>'{said}'")
        print(said.read_text("utf-8"))
        return code, output

    def must(self, line: str) -> str:
        """The output of a command line that has to succeed."""
        code, output = self.run(line)
        assert code == 0, output
        return output


def with_registry(shell: Shell, top: Path, **variables: str) -> Shell:
    """A shell in `top` with a new registry there, and some variables more."""
    registry = {"PACKREG_REGISTRY": (top / "registry").as_uri()}
    made = Shell({**shell.environment, **registry, **variables}, top)
    made.must("packreg init --quiet")
    return made


class Stack:
    """A stack `dev` of a YAML program with one or more buckets, on a backend in a directory."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell

    def write(self, **buckets: Mapping[str, object]) -> None:
        """Write the program: the name and the inputs of each bucket."""
        lines = ["name: shop", "runtime: yaml", "resources:"]
        for name, inputs in buckets.items():
            lines += [f"  {name}:", "    type: demo:index:Bucket", "    properties:"]
            lines += [f"      {key}: {value}" for key, value in inputs.items()]
        (self.shell.directory / "Pulumi.yaml").write_text("\n".join(lines) + "\n", "utf-8")

    def preview(self, *references: str, options: str = "", before: tuple[str, ...] = ()) -> tuple[int, str]:
        """The exit code and output of `pulumi preview` with the packs that `packreg path` prints."""
        packs = "".join(f' --policy-pack "$(packreg path {reference})"' for reference in references)
        return self.shell.run(f"pulumi preview --non-interactive --stack dev{packs}{options}", *before)


def publish(
    registry: Shell,
    source: Path,
    directory: Path,
    *,
    name: str = "",
    version: str = "",
    virtualenv: str | None = "venv",
) -> str:
    """Publish a copy of a pack, with this version and virtualenv in its manifest; gives its reference."""
    shutil.copytree(source, directory)
    if version:
        manifest = directory / "PulumiPolicy.yaml"
        text = re.sub(
            r"^version: .*$", f"version: {version}", manifest.read_text("utf-8"), flags=re.MULTILINE
        )
        option = f"  options:\n    virtualenv: {virtualenv}\n" if virtualenv else ""
        manifest.write_text(text.replace("  options:\n    virtualenv: venv\n", option), "utf-8")
    code, output = registry.answer(f"packreg publish '{directory}'" + (f" --name {name}" if name else ""))
    assert code == 0
    return output.split()[0]
