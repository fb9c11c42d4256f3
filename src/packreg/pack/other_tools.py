"""Report files in which other tools keep a pack's dependencies, and which packreg and Pulumi do not read."""

from __future__ import annotations

from packreg.pack.files import Files
from packreg.pack.problems import Problems
from packreg.pack.pyproject import PyProject

#: Locks that npm does not read, with the tool that wrote them.
NODE_LOCKS = {"yarn.lock": "yarn", "pnpm-lock.yaml": "pnpm", "bun.lock": "bun", "bun.lockb": "bun"}
_PYTHON_LOCKS = {"Pipfile.lock": "pipenv", "pdm.lock": "pdm", "conda-lock.yml": "conda", "pixi.lock": "pixi"}
_CONDA = ("environment.yml", "environment.yaml", "conda.yaml", "conda.yml")


def warn_of_node_locks(files: Files, locked: bool, problems: Problems) -> None:
    """Warn of locks of other tools than npm; `locked` says that there is also a lock of npm's."""
    for path, tool in NODE_LOCKS.items():
        if path in files:
            message = f"the lock of {tool} is not used: packreg locks and installs with npm"
            instead = "versions are resolved when the pack is published"
            hint = f"{instead}; run `npm install --package-lock-only` to choose them yourself"
            problems.warn("lock-unused", message, path, "remove it" if locked else hint)


def warn_of_python_locks(files: Files, kind: str, problems: Problems) -> None:
    """Warn of locks that are not used; `kind` is `check.Pack.dependencies_kind`."""
    for path, tool in _PYTHON_LOCKS.items():
        if path in files and kind != "none":
            message = f"the lock of {tool} is not used: packreg reads requirements.txt or pyproject.toml"
            hint = "versions are resolved when the pack is published; write exact ones there to choose them"
            problems.warn("lock-unused", message, path, hint)
    other = {"uv": "poetry.lock", "poetry": "uv.lock"}.get(kind, "")
    for path in (other,) if other else ("uv.lock", "poetry.lock"):
        if path in files:
            message = "the lock is not used: another tool installs the pack's dependencies"
            hint = "set runtime.options.toolchain in PulumiPolicy.yaml, or remove it"
            problems.warn("lock-unused", message, path, hint)


def unread_dependencies(files: Files, kind: str, project: PyProject | None, problems: Problems) -> bool:
    """Whether the dependencies are only in a file that nothing reads; that is reported, with what to do."""
    if kind == "none":
        found = _elsewhere(files)
    elif kind == "pyproject" and project is not None and not project.dependencies:
        if project.dynamic_dependencies:
            return False
        found = (
            (
                "pyproject.toml",
                "the dependencies stand in [tool.poetry.dependencies], and there is no poetry.lock",
                "run `poetry lock`, or move them to `dependencies` of [project] or to requirements.txt",
            )
            if project.poetry_dependencies
            else _elsewhere(files)
        )
    else:
        return False
    if found is None:
        return False
    where, message, hint = found
    problems.error(
        "dependencies-unread", f"{message}, so that nothing is installed for the pack", where, hint
    )
    return True


def _elsewhere(files: Files) -> tuple[str, str, str] | None:
    """The file that lists the dependencies instead: (path, what is wrong, what to do); None if none does."""
    if "Pipfile" in files:
        hint = "run `pipenv requirements > requirements.txt`, again after each change of Pipfile.lock"
        return "Pipfile", "the dependencies stand in Pipfile, which only pipenv reads", hint
    for path in _CONDA:
        if path in files:
            hint = "write what the pack needs of it into requirements.txt, with the names of PyPI"
            return path, f"the dependencies stand in {path}, which only conda reads", hint
    for path in ("setup.py", "setup.cfg"):
        if path in files and b"install_requires" in files[path].data:
            hint = "write them into requirements.txt, or into `dependencies` of [project] in pyproject.toml"
            return path, f"the dependencies stand in {path}, which is not run", hint
    return None
