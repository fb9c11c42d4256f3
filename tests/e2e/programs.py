"""The Pulumi CLI and its YAML language host, built from `tools/go.mod`; run as a program it builds them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.go_programs import build_go_programs

TOOLS = Path(__file__).parent / "tools"
PROGRAMS = {
    "pulumi": "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    "pulumi-language-yaml": "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
}


def pulumi_version() -> str:
    """The version of the Pulumi CLI that `tools/go.mod` asks for, such as "3.259.0"."""
    found = re.search(r"github\.com/pulumi/pulumi/pkg/v3 v(\S+)", (TOOLS / "go.mod").read_text("utf-8"))
    assert found, "tools/go.mod names no version of the Pulumi CLI"
    return found[1]


def build_pulumi() -> Path:
    """The directory with `pulumi` and `pulumi-language-yaml`; raises as `build_go_programs` does.

    The CLI learns its own version from a linker flag; without it calls itself a development version and takes
    other paths than a released one.
    """
    variable = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
    return build_go_programs(TOOLS, PROGRAMS, ldflags=f"-X {variable}=v{pulumi_version()}")


if __name__ == "__main__":
    if shutil.which("go"):
        print(f"the Pulumi CLI {pulumi_version()} is in {build_pulumi()}")
    else:
        print("the Pulumi CLI cannot be built: there is no Go on PATH")
