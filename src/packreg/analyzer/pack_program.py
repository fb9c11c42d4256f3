"""How a pack in a directory is started: its interpreter and its module or script. Nothing is run here."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from packreg.analyzer.program import MEMORY, PASSED_ON, Deadlines, Engine, Program, Stack
from packreg.errors import PackFailed
from packreg.files import read_file
from packreg.install.attach import environment_path
from packreg.pack.manifest import Manifest
from packreg.pack.problems import Problems
from packreg.pack.pyproject import FILE_NAME as PYPROJECT
from packreg.pack.pyproject import MAX_BYTES, parse_pyproject
from packreg.pack.runtime import node_arguments

#: Neither SDK connects to the engine address, but both require one.
_ENGINE = "127.0.0.1:1"
_RUN_POLICY_PACK = "@pulumi/pulumi/cmd/run-policy-pack/index.js"
_HOSTS = Path(__file__).with_name("hosts")
_MAX_CONFIGURATION = 64 * 1024
_NOT_HEAP = 512 << 20


def pack_environment(
    inherited: Mapping[str, str], *, stack: Stack | None = None, own: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The environment of a pack's process: some of the host's variables, the stack's, then the pack's own."""
    scrubbed = {name: inherited[name] for name in PASSED_ON if name in inherited}
    return {**scrubbed, **(stack.environment() if stack else {}), **(own or {})}


def pack_program(
    name: str,
    directory: Path,
    manifest: Manifest,
    environment: Mapping[str, str],
    *,
    stack: Stack | None = None,
    digest: str = "",
    memory: int = MEMORY,
    deadlines: Deadlines | None = None,
    python: Path | None = None,
    node: str = "node",
    analyzer: Sequence[str] = (),
    engine: Engine | None = None,
) -> Program:
    """The program of a pack in a directory, installed or not.

    `environment` is the result of `pack_environment`. `python` is the interpreter to use for a pack without
    a virtual environment of its own, `node` the Node.js program. `analyzer` is the command that judges OPA
    packs; if it is given for another runtime, it replaces the SDK's. The two arguments that every analyzer
    gets are added to it. `engine` describes `node` or `analyzer`; for Python it is found here.

    Raises PackFailed when the pack's dependencies are not installed, or it has no program.
    """
    directory = directory.absolute()
    variables = dict(environment)
    each = memory
    hosted = False
    if analyzer:
        command = (*analyzer, _ENGINE, ".")
    elif manifest.runtime == "python":
        variables["PYTHONUNBUFFERED"] = "1"
        interpreter = _python(name, directory, manifest, python)
        program = str(_HOSTS / "python_host.py")
        command = (str(interpreter), "-u", program, *_python_module(name, directory))
        hosted = True
        engine = _python_engine(interpreter)
    elif manifest.runtime == "nodejs":
        if manifest.options.get("typescript", True) is True:
            variables["PULUMI_NODEJS_TYPESCRIPT"] = "true"
        if isinstance(tsconfig := manifest.options.get("tsconfig"), str):
            variables["PULUMI_NODEJS_TSCONFIG_PATH"] = tsconfig
        # Node.js looks for packages in every directory above a file. The installed files lie below packreg's
        # home, perhaps inside a checkout; by the pack's link they lie in the private directory of this run.
        links = ("--preserve-symlinks", "--preserve-symlinks-main") if digest else ()
        each = 0  # memory outside the heap is about 100 MiB, and more where there is more to judge
        heap = (f"--max-old-space-size={max(memory // 2, memory - _NOT_HEAP) >> 20}",) if memory else ()
        words = (*heap, *links, *_node_arguments(name, manifest))
        hosted = True
        host = str(_HOSTS / "node_host.cjs")
        command = (node, "--require", host, *words, _node_script(name, directory), _ENGINE, ".")
    else:
        raise PackFailed(
            f"{name}: nothing here can run a pack with the runtime {manifest.runtime!r}", code="no-analyzer"
        )
    items = tuple(sorted((key, value) for key, value in variables.items() if "\0" not in key + value))
    return Program(
        name, directory, command, items, memory, each, digest, stack, deadlines, engine, hosted=hosted
    )


def _python(name: str, directory: Path, manifest: Manifest, given: Path | None) -> Path:
    place = environment_path(manifest.virtualenv, manifest.toolchain)
    own = directory / place / "bin" / "python"
    if own.exists():
        return own
    if given is not None:
        return given
    raise PackFailed(
        f"{name}: its Python environment {place!r} is not there",
        code="not-installed",
        hint="install the pack, or make the environment and install its requirements.txt into it",
    )


def _python_engine(interpreter: Path) -> Engine:
    """The interpreter that a virtual environment's links to, and the version the environment was made for."""
    said = ""
    with suppress(OSError):
        told = read_file(interpreter.parent.parent / "pyvenv.cfg", _MAX_CONFIGURATION)
        said = told.decode("utf-8", "replace")
    version = re.search(r"^version(?:_info)?\s*=\s*([0-9]+\.[0-9]+\.[0-9]+)", said, re.ASCII | re.MULTILINE)
    return Engine("python", os.path.realpath(interpreter), version[1] if version else "")


def _python_module(name: str, directory: Path) -> tuple[str, ...]:
    """The arguments of Python: the module that runs the pack's `__main__.py`, or else its built package."""
    if (directory / "__main__.py").exists():
        return ("pulumi.policy", _ENGINE, ".")
    problems = Problems()
    with suppress(OSError):
        project = parse_pyproject(read_file(directory / PYPROJECT, MAX_BYTES, beginning=True), problems)
        if project is not None and project.is_buildable and project.name:
            return ("pulumi.run.plugin", project.name, _ENGINE)
    raise PackFailed(
        f"{name} has neither __main__.py nor a pyproject.toml that builds a package",
        code="no-entry",
        hint="\n".join(map(str, problems.errors[:1])) or "`packreg check` says what a pack needs",
    )


def _node_arguments(name: str, manifest: Manifest) -> list[str]:
    given = manifest.options.get("nodeargs", "")
    words, problem = node_arguments(given) if isinstance(given, str) else ([], "")
    if problem:
        raise PackFailed(f"{name}: runtime.options.nodeargs: {problem}", code="bad-options")
    return words


def _node_script(name: str, directory: Path) -> str:
    for place in ("node_modules", "node_modules/@pulumi/policy/node_modules"):
        script = directory / place / _RUN_POLICY_PACK
        if script.is_file():
            return str(script.relative_to(directory))
    raise PackFailed(
        f"{name}: {_RUN_POLICY_PACK} is not in its node_modules",
        code="not-installed",
        hint="install the pack, or run `npm install` in it",
    )
