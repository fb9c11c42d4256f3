"""Makes a pack's lock: its exact dependencies with hashes, from the ranges that its author wrote.

Resolved once, at publish, and kept in the record; for a pack that was published without a lock, once per
machine. Python locks are universal: one for every platform and every Python from 3.11, or from the lowest
that the pack requires. The resolver is given requirement lines (or a pyproject.toml with its uv.lock or
poetry.lock) and no other file of the pack, in an empty directory, and builds nothing: no code of the pack or
of a source distribution runs. Packages without wheels are refused, or built first if the publisher named them
(`source_builds`). The operator's own configuration of uv, pip and npm decides where packages come from.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tomllib
from collections.abc import Callable
from contextlib import suppress
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packreg.errors import InstallError, InvalidPack, Problem
from packreg.install.disk import disk_errors
from packreg.install.environment import own_wheels, pip_command
from packreg.install.fitting import choose_interpreter
from packreg.install.interpreter import find_interpreter
from packreg.install.lock_with_uv import checked_lock, compile_lock, with_built
from packreg.install.nodejs import ALONE, NODE_HINT
from packreg.install.npm_lock import (
    dependencies_only,
    has_dependencies,
    lock_problems,
)
from packreg.install.requirements_lock import read_lock
from packreg.install.source_builds import built_wheels, without_wheels
from packreg.install.tools import Tools, keep_out_configuration
from packreg.pack.npm_packages import NPM_LOCKS
from packreg.pack.other_tools import NODE_LOCKS
from packreg.pack.pyproject import MAX_REQUIREMENTS
from packreg.pack.requires_python import lowest_python
from packreg.pack.wheel_file import wheel_metadata
from packreg.registry.record import Lock

if TYPE_CHECKING:
    from packreg.install.source_builds import BuiltWheel
    from packreg.pack.check import Pack

_POETRY = (
    "install poetry with its export plugin: `pipx install poetry`, `pipx inject poetry poetry-plugin-export`"
)
Note = Callable[[str], None]


def lock_dependencies(
    pack: Pack,
    tools: Tools,
    *,
    note: Note = lambda sentence: None,
    say: Note = lambda sentence: None,
    offline: bool = False,
    directory: str = "",
) -> Lock | None:
    """The exact dependencies of a pack, or None if it has none or brings an npm lock of its own.

    `note` is called with what readers of the record should know, such as that the lock holds for this
    platform only; `say` is called before foreign code runs to build a wheel. Packages without wheels are
    built if `tools.build` names them (`source_builds`); `directory` is the pack's directory as the user typed
    it, for the hint that names the option.

    Raises:
        InvalidPack: the lock that the pack brings names something that packreg does not install.
        InstallError: the dependencies cannot be resolved, or have no wheels; the resolver's log is named.
    """
    if pack.runtime == "nodejs":
        return _lock_npm(pack, tools, note, offline)
    if pack.runtime != "python" or pack.dependencies_kind == "none":
        return None
    python = lowest_python(pack.requires_python)
    if python is None:
        raise InvalidPack(f"no Python that packs run with is in {pack.requires_python}")
    if pack.dependencies_kind == "uv" and "uv.lock" in pack.files:
        lacking = without_wheels(pack.files["uv.lock"].data)
        exported = _export_uv_lock(pack, tools)
        return with_built(exported, lacking, pack.name, tools, python=python, say=say, directory=directory)
    if pack.dependencies_kind == "poetry":
        lacking = without_wheels(pack.files["poetry.lock"].data)
        exported = _export_poetry_lock(pack, tools)
        return with_built(exported, lacking, pack.name, tools, python=python, say=say, directory=directory)
    lines, constraints = _requirement_lines(pack, tools)
    if not lines:
        return None
    if tools.uv:
        return compile_lock(
            lines,
            constraints,
            pack.name,
            tools,
            python=python,
            offline=offline,
            say=say,
            directory=directory,
        )
    if tools.build:
        raise InstallError("only uv can find what has to be built from source", hint="pip install uv")
    note(
        "the lock was made by pip and holds for this platform and Python only; "
        "with uv it would hold for all of them"
    )
    return _resolve_with_pip(lines, constraints, pack, tools)


def built_in(lock: Lock | None, tools: Tools) -> list[BuiltWheel]:
    """The wheels of a lock that were built for it on this machine: no index has them."""
    if not tools.build or lock is None or lock.kind != "requirements":
        return []
    return built_wheels((each for one in read_lock(lock.text, "") for each in one.hashes), tools)


def remembered_lock(
    pack: Pack,
    tools: Tools,
    *,
    note: Note = lambda sentence: None,
    say: Note = lambda sentence: None,
    offline: bool = False,
) -> Lock | None:
    """The lock of `lock_dependencies`, resolved at most once on this machine for the same requirements.

    Raises what `lock_dependencies` raises; with `offline` also `InstallError` if no lock is remembered and
    the caches of uv or npm lack a package.
    """
    memory = resolved_file(pack, tools)
    with suppress(OSError, ValueError, TypeError, KeyError):
        kept = json.loads(tools.home.recall(memory) or b"")
        if kept is None or len(built_wheels(kept.get("built", ()), tools)) == len(kept.get("built", ())):
            return kept and Lock(kept["kind"], kept["text"], kept["made_by"], kept["python"])
    lock = lock_dependencies(pack, tools, note=note, say=say, offline=offline)
    kept = lock and {
        "kind": lock.kind,
        "text": lock.text,
        "made_by": lock.made_by,
        "python": lock.python,
        "built": [wheel.artifact.sha256 for wheel in built_in(lock, tools)],
    }
    with disk_errors("write to", memory):
        tools.home.keep(memory, json.dumps(kept).encode())
    return lock


def resolved_file(pack: Pack, tools: Tools) -> Path:
    """The file of a pack's remembered lock; its name is a hash of all that the result depends on."""
    parts = _asked(pack, tools)
    if pack.dependencies_kind != "requirements":
        parts += [hashlib.sha256(data).hexdigest() for _, data in own_wheels(pack.files)]
    digest = hashlib.sha256(json.dumps(["packreg resolved 1", *parts]).encode()).hexdigest()
    return tools.home.resolved / f"{digest}.json"


def asked_for(pack: Pack, tools: Tools) -> str:
    """A digest (hex) of what a pack's files say about its dependencies; it changes only when that changes."""
    return hashlib.sha256(json.dumps(_asked(pack, tools)).encode()).hexdigest()


def _asked(pack: Pack, tools: Tools) -> list[Any]:
    decides = ("pyproject.toml", "uv.lock", "poetry.lock", "package.json", *NPM_LOCKS)
    parts: list[Any] = [pack.runtime, pack.dependencies_kind, bool(tools.uv), *tools.build]
    if not tools.uv:
        parts.append(sys.version)
    if pack.dependencies_kind == "requirements":
        parts += [*_requirement_lines(pack, tools), *filter(None, [pack.requires_python])]
    else:
        parts += [hashlib.sha256(pack.files[path].data).hexdigest() for path in decides if path in pack.files]
    return parts


# Python


def _requirement_lines(pack: Pack, tools: Tools) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The pack's requirements, and its constraints, which only bound versions."""
    if pack.dependencies_kind == "requirements" and pack.requirements is not None:
        return pack.requirements.lines, pack.requirements.constraints
    wheels = own_wheels(pack.files)
    if wheels:
        needed = (_wheel_requirements(name, data, tools) for name, data in wheels)
        return tuple(line for lines in needed for line in lines), ()
    return _static_dependencies(
        pack.files["pyproject.toml"].data
    ) if "pyproject.toml" in pack.files else (), ()


def _wheel_requirements(name: str, wheel: bytes, tools: Tools) -> tuple[str, ...]:
    """The dependencies that a wheel's metadata names, without those of its extras."""
    metadata = wheel_metadata(name, wheel, tools.unpacked)
    lines = BytesHeaderParser().parsebytes(metadata).get_all("Requires-Dist") or []
    if len(lines) > MAX_REQUIREMENTS:
        raise InvalidPack(
            f"the wheel {name} that the pack brings has more than {MAX_REQUIREMENTS} requirements"
        )
    return _plain(tuple(line for line in lines if not re.search(r"\bextra\b\s*==", line)))


def _static_dependencies(pyproject: bytes) -> tuple[str, ...]:
    """`project.dependencies` of a pyproject.toml."""
    try:
        project = tomllib.loads(pyproject.decode("utf-8")).get("project", {})
        lines = project.get("dependencies", []) if isinstance(project, dict) else []
    except (ValueError, RecursionError) as error:
        raise InvalidPack(f"pyproject.toml cannot be read: {error}") from error
    return _plain(tuple(str(line) for line in lines) if isinstance(lines, list) else ())


def _plain(lines: tuple[str, ...]) -> tuple[str, ...]:
    """The same lines, checked: each is a requirement from an index.

    Raises:
        InvalidPack: a line is a URL, a path or no requirement.
    """
    from packaging.requirements import InvalidRequirement, Requirement

    problems = []
    for line in lines:
        try:
            bad = Requirement(line).url is not None or "\n" in line
        except (InvalidRequirement, RecursionError):
            bad = True
        if bad:
            problem = f"{line[:80]!r} is not a requirement from an index"
            problems.append(Problem("requirement-url", problem, "pyproject.toml", "name it with a version"))
    if problems:
        raise InvalidPack("the pack depends on a package that no index has", tuple(problems))
    return lines


def _export_uv_lock(pack: Pack, tools: Tools) -> Lock | None:
    """The pack's own uv.lock as a requirements file; nothing is resolved again."""
    if not tools.uv:
        raise InstallError("a pack with a uv.lock can only be locked with uv", hint="pip install uv")
    with tools.home.scratch("lock") as above:
        # uv looks in the directories above for a workspace that the pack is a member of: here it finds one
        # without members. A uv.toml overrides the pack's own [tool.uv] settings.
        (above / "pyproject.toml").write_text("[tool.uv.workspace]\nmembers = []\n", "utf-8")
        place = above / "pack"
        place.mkdir()
        keep_out_configuration(place)
        for path in ("pyproject.toml", "uv.lock"):
            if path in pack.files:
                (place / path).write_bytes(pack.files[path].data)
        command = [tools.uv, "export", "--frozen", "--no-emit-project", "--format", "requirements-txt"]
        command += ["--no-header", "--no-annotate", "--quiet", "--offline"]
        text = tools.run(command, f"read the uv.lock of {pack.name}", cwd=place).decode("utf-8")
    try:
        return checked_lock(text, pack.name, "uv.lock", "")
    except InstallError as error:
        problem = Problem("uv-lock", str(error), "uv.lock", "depend only on packages from an index")
        raise InvalidPack("the pack's uv.lock names a package that no index has", (problem,)) from error


def _export_poetry_lock(pack: Pack, tools: Tools) -> Lock | None:
    """The main dependencies in the pack's own poetry.lock, as a requirements file; nothing is resolved again.

    poetry would make a lock if there were none, and would run plugins that `requires-plugins` names; so
    `pack.entry` refuses packs with either before poetry sees them.
    """
    poetry = tools.need("poetry", f"{_POETRY}; or publish the pack for pip or uv")
    of = f"read the poetry.lock of {pack.name}"
    with tools.home.scratch("lock") as place:
        for path in ("pyproject.toml", "poetry.lock"):
            (place / path).write_bytes(pack.files[path].data)
        words = ["export", "--format", "requirements.txt", "--output", "exported.txt"]
        environ = {"POETRY_VIRTUALENVS_CREATE": "false"}  # an environment is not needed
        try:
            tools.run(
                [poetry, *words, "--no-interaction", "--no-ansi"],
                of,
                cwd=place,
                environ=environ,
                hint="run `poetry lock` and publish again",
            )
        except InstallError as error:
            try:
                tools.run([poetry, "export", "--help"], "say how it exports", cwd=place, environ=environ)
            except InstallError:
                message = f"poetry could not {of}: it has no command `export`"
                raise InstallError(message, hint=_POETRY, log=error.log) from error
            raise
        with disk_errors("read", place / "exported.txt"):
            text = (place / "exported.txt").read_bytes().decode("utf-8")
    try:
        return checked_lock(text, pack.name, "poetry.lock", "")
    except InstallError as error:
        problem = Problem("poetry-lock", str(error), "poetry.lock", "depend only on packages from an index")
        raise InvalidPack("the pack's poetry.lock names a package that no index has", (problem,)) from error


def _resolve_with_pip(
    lines: tuple[str, ...], constraints: tuple[str, ...], pack: Pack, tools: Tools
) -> Lock | None:
    """A lock for this platform and one Python that the pack runs on, from the report of a pip dry run."""
    of = pack.name
    interpreter = choose_interpreter(None, tools, requires=pack.requires_python, of=of)
    python = None if interpreter == find_interpreter(None, tools) else interpreter.path
    with tools.home.scratch("lock") as place:
        (place / "requirements.txt").write_text("\n".join(lines) + "\n", "utf-8")
        command = [
            *pip_command(tools, python),
            "install",
            "--dry-run",
            "--ignore-installed",
            "--only-binary",
            ":all:",
        ]
        command += ["--quiet", "--report", "-", "-r", place / "requirements.txt"]
        if constraints:
            (place / "constraints.txt").write_text("\n".join(constraints) + "\n", "utf-8")
            command += ["-c", place / "constraints.txt"]
        output = tools.run(command, f"resolve the dependencies of {of}")
    try:
        report = json.loads(output)
        locked = sorted(_from_report(item) for item in report["install"])
        made_by = f"pip {report['pip_version']}"
        python = ".".join(report["environment"]["python_full_version"].split(".")[:2])
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise InstallError(
            f"pip's report on the dependencies of {of} cannot be read: {error!r}", hint="pip install uv"
        ) from error
    return checked_lock(
        "".join(f"{line}\n" for line in locked), of, made_by, f"=={python}.* on {sys.platform}"
    )


def _from_report(item: Any) -> str:
    """One line of a lock from an entry of pip's report (version 1)."""
    name, version = item["metadata"]["name"], item["metadata"]["version"]
    return f"{name}=={version} --hash=sha256:{item['download_info']['archive_info']['hashes']['sha256']}"


# Node.js


def _lock_npm(pack: Pack, tools: Tools, note: Note, offline: bool) -> Lock | None:
    for path in NODE_LOCKS:
        if path in pack.files:
            note(f"{path} is not used: packreg locks and installs with npm")
    for path in NPM_LOCKS:
        if path in pack.files:
            problems = lock_problems(pack.files[path].data, path)
            if problems:
                raise InvalidPack(
                    f"{path} names something that packreg does not install",
                    tuple(
                        Problem("npm-lock", text, path, "depend only on packages from a registry")
                        for text in problems
                    ),
                )
            return None
    package_json = json.loads(pack.files["package.json"].data.decode("utf-8-sig"))
    if not has_dependencies(package_json):
        return None
    npm = tools.need("npm", NODE_HINT)
    with tools.home.scratch("lock") as place:
        (place / "package.json").write_bytes(dependencies_only(package_json))
        command = [
            npm,
            "install",
            "--package-lock-only",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            ALONE,
        ]
        command += ["--loglevel=error", "--offline" if offline else "--prefer-online"]
        tools.run(command, f"resolve the dependencies of {pack.name}", cwd=place)
        with disk_errors("read", place / "package-lock.json"):
            data = (place / "package-lock.json").read_bytes()
        version = tools.run([npm, "--version"], "say its version", cwd=place).decode().strip()
    problems = lock_problems(data, "package-lock.json")
    if problems:
        raise InstallError(
            f"npm locked {pack.name} to something that packreg does not install:\n"
            + "\n".join(problems[:10]),
            hint="depend only on packages from a registry",
        )
    return Lock("npm", data.decode("utf-8"), f"npm {version}")
