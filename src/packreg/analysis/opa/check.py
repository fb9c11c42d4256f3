"""What is wrong with an OPA pack, found without running it: for `check` and `publish`.

The engine reads the pack in a process of its own: a file made to hurt its parser ends that process, not ours.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec

from packreg.analysis.opa.load import examine
from packreg.analysis.opa.rules import SCHEMA_FILE
from packreg.errors import Problem
from packreg.pack.files import Files
from packreg.pack.problems import Problems

TIMEOUT = 60.0  # seconds


def engine_installed() -> bool:
    """Whether the extra `opa` is there."""
    return find_spec("regorus") is not None


def opa_problems(files: Files, problems: Problems, *, timeout: float = TIMEOUT) -> None:
    """Add what is wrong with the Rego files and configuration schemas among a pack's files.

    Syntax, packages, recursion, calls of functions that the engine lacks, METADATA and schemas are errors;
    names that are nearly those of policies, rules in several files and the like are warnings. Without the
    extra `opa` nothing can be checked, and that is a warning.
    """
    if not engine_installed():
        message = "the Rego files were not checked: the engine for OPA packs is not installed"
        problems.warn("rego-unchecked", message, "", "pip install 'packreg[opa]'")
        return
    wanted = {
        path: file.data for path, file in files.items() if path.endswith(".rego") or path == SCHEMA_FILE
    }
    command = [sys.executable, "-P", "-m", "packreg.analysis.opa.check"]
    try:
        done = subprocess.run(
            command, input=_packed(wanted), capture_output=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        message = f"the engine did not come to an end with the Rego files in {timeout:.0f} seconds"
        problems.error("rego-engine", message, "", "simplify them")
        return
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = said[-1][:200] if said and done.returncode > 0 else f"signal {-done.returncode}"
        message = f"the engine crashed on the Rego files ({reason})"
        problems.error("rego-engine", message, "", "look for an expression that is nested very deep")
        return
    answer = json.loads(done.stdout)
    problems.errors.extend(Problem(*problem) for problem in answer["errors"])
    problems.warnings.extend(Problem(*problem) for problem in answer["warnings"])


def _packed(files: Mapping[str, bytes]) -> bytes:
    """All of them as one line of JSON with their sizes, and then their bytes."""
    sizes = [[path, len(data)] for path, data in files.items()]
    return b"".join((json.dumps(sizes).encode(), b"\n", *files.values()))


def _main() -> None:
    header, _, rest = sys.stdin.buffer.read().partition(b"\n")
    files = {}
    for path, size in json.loads(header):
        files[path], rest = rest[:size], rest[size:]
    problems = Problems()
    examine(files, problems)
    sys.stdout.write(json.dumps({"errors": problems.errors, "warnings": problems.warnings}))


if __name__ == "__main__":
    _main()
