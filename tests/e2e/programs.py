"""The programs that packreg is compared with; run as a program this builds them.

The Pulumi CLI and its YAML language host come from `tools/go.mod`, `opa` and `conftest` from
`rego_tools/go.mod`, so that neither decides which versions of libraries the other is built with.
"""

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
REGO_TOOLS = Path(__file__).parent / "rego_tools"
REGO_PROGRAMS = {name: f"github.com/open-policy-agent/{name}" for name in ("opa", "conftest")}


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


def build_rego_programs() -> Path:
    """The directory with `opa` and `conftest`; raises as `build_go_programs` does."""
    return build_go_programs(REGO_TOOLS, REGO_PROGRAMS)


if __name__ == "__main__":
    if shutil.which("go"):
        print(f"the Pulumi CLI {pulumi_version()} is in {build_pulumi()}")
        print(f"opa and conftest are in {build_rego_programs()}")
    else:
        print("the Pulumi CLI, opa and conftest cannot be built: there is no Go on PATH")
