"""The programs that packreg is compared with; run as a program this builds them.

The newest Pulumi CLI and its YAML language host come from `tools/go.mod`, an older CLI from
`tools-3.259/go.mod`, `opa` and `conftest` from `rego_tools/go.mod`, so that none decides which versions of
libraries another is built with.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from tests.go_programs import build_go_programs

TOOLS = Path(__file__).parent / "tools"
#: The older CLI still runs policy packs by programs called `pulumi-analyzer-policy-<runtime>`.
OLDER_TOOLS = Path(__file__).parent / "tools-3.259"
CLI = {"pulumi": "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"}
PROGRAMS = {**CLI, "pulumi-language-yaml": "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml"}
REGO_TOOLS = Path(__file__).parent / "rego_tools"
REGO_PROGRAMS = {name: f"github.com/open-policy-agent/{name}" for name in ("opa", "conftest")}


def pulumi_version(tools: Path = TOOLS) -> str:
    """The version of the Pulumi CLI that a directory's go.mod asks for, such as "3.276.0"."""
    found = re.search(r"github\.com/pulumi/pulumi/pkg/v3 v(\S+)", (tools / "go.mod").read_text("utf-8"))
    assert found, f"{tools.name}/go.mod names no version of the Pulumi CLI"
    return found[1]


def build_pulumi(*, build: bool = True) -> Path:
    """The directory with the newest `pulumi` and its YAML host; as `build_go_programs`."""
    return build_go_programs(TOOLS, PROGRAMS, ldflags=_names_itself(TOOLS), build=build)


def build_older_pulumi(*, build: bool = True) -> Path:
    """The directory with the older `pulumi`; as `build_go_programs`."""
    return build_go_programs(OLDER_TOOLS, CLI, ldflags=_names_itself(OLDER_TOOLS), build=build)


def build_rego_programs() -> Path:
    """The directory with `opa` and `conftest`; raises as `build_go_programs` does."""
    return build_go_programs(REGO_TOOLS, REGO_PROGRAMS)


def write_starter(place: Path, file: Path, *words: str) -> None:
    """Make a program of a Python file and the first words of its command line."""
    quoted = " ".join(f'"{word}"' for word in (sys.executable, file, *words))
    place.write_text(f'#!/bin/sh\nexec {quoted} "$@"\n')
    place.chmod(0o755)


def _names_itself(tools: Path) -> str:
    """The linker flag by which the CLI learns its version.

    Without it the CLI calls itself a development version and takes other paths than a released one.
    """
    variable = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
    return f"-X {variable}=v{pulumi_version(tools)}"


if __name__ == "__main__":
    if shutil.which("go"):
        print(f"the Pulumi CLI {pulumi_version()} is in {build_pulumi()}")
        print(f"the Pulumi CLI {pulumi_version(OLDER_TOOLS)} is in {build_older_pulumi()}")
        print(f"opa and conftest are in {build_rego_programs()}")
    else:
        print("the Pulumi CLI, opa and conftest cannot be built: there is no Go on PATH")
