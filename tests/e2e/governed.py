"""Stacks that the guard watches: their programs, the CLI's runs, the reports, and what is left running."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packreg.reports.stored import StoredReport
from tests.e2e.user import Shell

GOOD = {"acl": "private", "owner": "ada", "retentionDays": 30}
OPEN = {**GOOD, "acl": "public-read"}


class GovernedStack:
    """The stack `dev` of a project, whose shell has the guard in PULUMI_OPTION_POLICY_PACK."""

    def __init__(self, shell: Shell, project: str, guard: str) -> None:
        self.project = project
        self.plain = shell
        self.shell = Shell({**shell.environment, "PULUMI_OPTION_POLICY_PACK": guard}, shell.directory)

    def write(self, **buckets: Mapping[str, object]) -> None:
        """Write the program: the name and the inputs of each bucket."""
        lines = [f"name: {self.project}", "runtime: yaml", "resources:"]
        for name, inputs in buckets.items():
            lines += [f"  {name}:", "    type: demo:index:Bucket", "    properties:"]
            lines += [f"      {key}: {value}" for key, value in inputs.items()]
        (self.shell.directory / "Pulumi.yaml").write_text("\n".join(lines) + "\n", "utf-8")

    def preview(self, options: str = "", **variables: str) -> tuple[int, str]:
        """The exit code and output of a preview."""
        return self.run(f"pulumi preview --non-interactive --stack dev {options}", **variables)

    def up(self, options: str = "") -> tuple[int, str]:
        """The exit code and output of an update, with its preview."""
        return self.run(f"pulumi up --yes --non-interactive --stack dev {options}")

    def run(self, line: str, **variables: str) -> tuple[int, str]:
        """The exit code and output of a command with the guard, and some variables more."""
        return Shell({**self.shell.environment, **variables}, self.shell.directory).run(line)

    def start(self, line: str) -> subprocess.Popen[str]:
        """A command with the guard that is not waited for, in a session of its own."""
        return subprocess.Popen(
            line.split(),
            cwd=self.shell.directory,
            env=dict(self.shell.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def buckets(self) -> dict[str, dict[str, Any]]:
        """The buckets of the stack as its state has them, by name."""
        deployment = json.loads(self.plain.must("pulumi stack export --stack dev"))["deployment"]
        return {
            each["urn"].rpartition("::")[2]: each
            for each in deployment.get("resources", [])
            if each["type"] == "demo:index:Bucket"
        }

    def reports(self, run: str) -> list[StoredReport]:
        """The reports of a kind of run, the newest first."""
        top = Path(self.shell.environment["PACKREG_REGISTRY"].removeprefix("file://"))
        place = top / "reports" / run / f"stack.organization.{self.project}.dev"
        files = sorted(place.iterdir()) if place.is_dir() else []
        return [StoredReport.decode(file.read_bytes(), file.relative_to(top).as_posix()) for file in files]


def policies(output: str) -> dict[str, str]:
    """The section "Policies:" of the last run in the output: what stands under each pack, with its sign."""
    section = output.rpartition("Policies:\n")[2].partition("\n\n")[0]
    packs: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        if line.startswith("    ") and not line.startswith("     "):
            sign, name = line.split()[:2]
            packs[name] = sign
        elif name:
            packs[name] += f"\n{line.strip()}"
    return packs


def still_running(home: str, seconds: float = 15.0) -> list[str]:
    """The commands of guards and of packs of this home that still run when so many seconds have passed."""
    until = time.monotonic() + seconds
    while (found := _running(home)) and time.monotonic() < until:
        time.sleep(0.1)
    return found


def _running(home: str) -> list[str]:
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            of_guard = (
                "pulumi-analyzer-policy-packreg" in command
                and home.encode() in (process / "environ").read_bytes()
            )
            if of_guard or os.readlink(process / "cwd").startswith(home):
                found.append(command)
        except OSError:  # it ended, or is another user's
            continue
    return found
