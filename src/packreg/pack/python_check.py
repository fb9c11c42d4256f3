"""Check whether a Python pack can be loaded, from its source, dependencies and locks; nothing runs.

The files that surely run are those that the entry point imports every time it runs, and what they import. A
fault in one of them is an error; the rest of the pack may never run, so a fault there is a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from packreg.pack.entry import PYPROJECT, REQUIREMENTS, Dependencies
from packreg.pack.files import Files
from packreg.pack.named_files import warn_of_named_files
from packreg.pack.other_tools import unread_dependencies, warn_of_python_locks
from packreg.pack.paths import shown
from packreg.pack.problems import Problems
from packreg.pack.pyproject import PyProject, parse_pyproject
from packreg.pack.python_locks import POETRY_LOCK, UV_LOCK, out_of_step, read_python_lock
from packreg.pack.python_packages import SDK, cannot_bring, is_standard, may_bring
from packreg.pack.python_source import PythonFile, PythonImport, newer_syntax, read_python
from packreg.pack.source_packs import SourcePack, check_one_pack

#: Bytes of source that are read; files that surely run come first.
MAX_SOURCE = 2 * 2**20
#: The Python versions that may run a pack that does not restrict them, oldest first.
PYTHONS = tuple((3, minor) for minor in range(11, 15))
_DATA_PATH = b"sys.path"
_SYNTAX_HINT = "correct it; where it is for a newer Python, say so with requires-python in pyproject.toml"
_NATIVE = (".so", ".pyd")


class Brought(NamedTuple):
    """The distributions that are installed for a pack; `whole` says that these are all, as in a lock."""

    names: frozenset[str]
    whole: bool


def check_python(
    files: Files,
    dependencies: Dependencies,
    left_out: Callable[[str], str],
    problems: Problems,
) -> None:
    """Add everything that prevents a Python pack from being loaded, or may, to `problems`.

    `left_out` says why a file that lies on disk is not in the pack ("" for any other path).
    """
    project = parse_pyproject(files[PYPROJECT].data, Problems()) if PYPROJECT in files else None
    warn_of_python_locks(files, dependencies.kind, problems)
    unread = unread_dependencies(files, dependencies.kind, project, problems)
    brought = _brought(files, dependencies, project, problems)
    program = _Program(files, left_out, project)
    program.run()
    for path, file in sorted(program.read.items()):
        _say_fault(path, file, path in program.surely, program.entries, problems)
        if file.fault is None:
            _say_newer(path, files[path].data, project, problems)
    for path, line, module, reason in program.missing:
        hint = "change that rule" if reason else "add the file, or correct the import"
        why = f"is left out: {reason}" if reason else "is not in the pack"
        problems.error("import-missing", f"{shown(module)} {why}", f"{shown(path)}:{line}", hint)
    packs = [
        SourcePack(call.name, path, call.line)
        for path in sorted(program.surely)
        for call in program.read[path].packs
        if call.certain
    ]
    check_one_pack(packs, problems)
    warn_of_named_files(files, sorted(program.surely), left_out, problems)
    if brought is None or unread:
        return
    if brought.names and not program.moves_path:
        _check_imports(program, brought, problems)
    _check_sdk(brought, dependencies.kind, problems)


class _Program:
    """The files that surely run, found from the entry points on.

    `read` has every Python file that was read, by path; `surely` the paths of those that run; `missing` their
    imports whose file the pack lacks: (path, line, module, why the file is left out); `foreign` their imports
    of modules that must come from a dependency.
    """

    def __init__(self, files: Files, left_out: Callable[[str], str], project: PyProject | None) -> None:
        self.files, self.left_out = files, left_out
        self.read: dict[str, PythonFile] = {}
        self.surely: set[str] = set()
        self.missing: list[tuple[str, int, str, str]] = []
        self.foreign: list[tuple[str, PythonImport]] = []
        self.roots = ("",) if "__main__.py" in files else ("", "src/")
        self.entries = [path for path in self._entries(project) if path in files]
        self.moves_path = False
        self._left = MAX_SOURCE

    def run(self) -> None:
        """Read what surely runs, then the rest."""
        waiting = list(self.entries)
        while waiting:
            path = waiting.pop(0)
            if path in self.surely or not self._read(path):
                continue
            self.surely.add(path)
            for found in self.read[path].imports:
                waiting += self._follow(path, found)
        self.moves_path = any(_DATA_PATH in self.files[path].data for path in self.read)
        for path in sorted(self.files):
            if path.endswith(".py") and path not in self.read:
                self._read(path)

    def _entries(self, project: PyProject | None) -> list[str]:
        if "__main__.py" in self.files or project is None or not project.name:
            return ["__main__.py"]
        name = project.name.lower().replace("-", "_").replace(".", "_")
        return [f"{root}{name}/{file}" for root in self.roots for file in ("__init__.py", "__main__.py")]

    def _read(self, path: str) -> bool:
        data = self.files[path].data
        self._left -= len(data)
        if self._left < 0:
            return False
        self.read[path] = read_python(data, entry=path.rpartition("/")[2] == "__main__.py")
        return True

    def _follow(self, path: str, found: PythonImport) -> Iterator[str]:
        """The files of the pack that an import runs; adds to `missing` one that must exist and does not."""
        if found.level:
            if path == "__main__.py":
                return  # reported by `_say_fault`
            yield from self._relative(path, found)
            return
        first = found.module.split(".")[0]
        root = next((root for root in self.roots if self._is_module(root + first)), None)
        if root is not None:
            yield from self._module(path, found, root, found.module.split("."))
        elif not is_standard(first):
            left = next((self._left_out(root + first) for root in self.roots), "")
            if left:
                self.missing.append((path, found.line, f"the module {first}", left))
            else:
                self.foreign.append((path, found))

    def _relative(self, path: str, found: PythonImport) -> Iterator[str]:
        package = path.split("/")[:-1]
        if found.level - 1 >= len(package):
            self.missing.append((path, found.line, "what is above the pack's own package", ""))
            return
        base = package[: len(package) - found.level + 1]
        steps = found.module.split(".") if found.module else []
        yield from self._module(path, found, "/".join(base[:-1]) + "/" * (len(base) > 1), [base[-1], *steps])

    def _module(self, path: str, found: PythonImport, root: str, steps: list[str]) -> Iterator[str]:
        """The files that an import of `steps` below `root` runs: one for each step, and named submodules."""
        place = root.removesuffix("/")
        for number, step in enumerate(steps):
            parent = place
            place = f"{place}/{step}" if place else step
            run = next((p for p in (f"{place}/__init__.py", f"{place}.py") if p in self.files), "")
            if run:
                yield run
            if run.endswith(f"/{step}.py") or run == f"{step}.py":
                return
            if not run and not self._is_module(place):
                reason = self._left_out(place)
                if reason or not number or f"{parent}/__init__.py" in self.files:
                    self._missing(path, found, f"the module {'.'.join(steps[: number + 1])}", reason, parent)
                return
        for name in found.names:
            below = next(
                (p for p in (f"{place}/{name}/__init__.py", f"{place}/{name}.py") if p in self.files), ""
            )
            if below:
                yield below
            elif reason := self._left_out(f"{place}/{name}"):
                self._missing(path, found, f"the module {'.'.join([*steps, name])}", reason, place)

    def _missing(self, path: str, found: PythonImport, module: str, reason: str, package: str) -> None:
        """Add a missing module to `missing`, unless its package decides itself where its modules are."""
        init = self.files.get(f"{package}/__init__.py")
        if init is None or not any(
            word in init.data for word in (b"__path__", b"sys.modules", b"__getattr__")
        ):
            self.missing.append((path, found.line, module, reason))

    def _is_module(self, place: str) -> bool:
        """Whether the pack has a module at `place`: a file, or a directory with anything in it."""
        if f"{place}.py" in self.files:
            return True
        return any(
            path.startswith(f"{place}/") or (path.startswith(f"{place}.") and path.endswith(_NATIVE))
            for path in self.files
        )

    def _left_out(self, place: str) -> str:
        return self.left_out(f"{place}.py") or self.left_out(f"{place}/__init__.py")


def _say_fault(path: str, file: PythonFile, surely: bool, entries: list[str], problems: Problems) -> None:
    if file.fault is not None:
        place = f"{shown(path)}:{file.fault.line}" + f":{file.fault.column}" * bool(file.fault.column)
        if surely:
            problems.error("python-syntax", file.fault.message, place, _SYNTAX_HINT)
        else:
            problems.warn("python-syntax", file.fault.message, place, "nothing that surely runs imports it")
    if path == "__main__.py" and path in entries:
        for found in file.imports:
            if found.level:
                message = "__main__.py is run as a program, which has no package to import from"
                hint = f"write `from {found.module or 'NAME'} import …` without the dots"
                problems.error("import-relative", message, f"{path}:{found.line}", hint)


def _say_newer(path: str, data: bytes, project: PyProject | None, problems: Problems) -> None:
    """Warn of a file that compiles here but not on the oldest Python that may run the pack."""
    bounds = SpecifierSet((project.requires_python if project else None) or "")
    oldest = next((each for each in PYTHONS if bounds.contains(f"{each[0]}.{each[1]}.99")), None)
    fault = newer_syntax(data, oldest) if oldest else None
    if fault is not None and oldest is not None:
        message = f"Python {oldest[0]}.{oldest[1]}, which the pack may meet, refuses this: {fault.message}"
        hint = "bound it with requires-python in pyproject.toml, or write it in the older way"
        problems.warn("python-syntax", message, f"{shown(path)}:{fault.line}", hint)


def _brought(
    files: Files, dependencies: Dependencies, project: PyProject | None, problems: Problems
) -> Brought | None:
    """What is installed for the pack; None where only a build would tell, or it cannot be read."""
    if dependencies.kind == "requirements":
        lines = dependencies.requirements.lines if dependencies.requirements else None
        if lines is None:
            return None
        return Brought(_names(lines), bool(lines) and all(" --hash=" in line for line in lines))
    if dependencies.kind == "none":
        return Brought(frozenset(), whole=True)
    if project is None:
        return None
    lines = project.dependencies + project.poetry_dependencies
    path = {"uv": UV_LOCK, "poetry": POETRY_LOCK}.get(dependencies.kind, "")
    if path in files:
        lock = read_python_lock(files, path, lines, problems)
        if lock is None:
            return None
        out_of_step(lock, lines, problems)
        return Brought(frozenset(lock.versions), whole=True)
    if project.dynamic_dependencies:
        return None
    return Brought(_names(project.dependencies), whole=False)


def _names(lines: tuple[str, ...]) -> frozenset[str]:
    names = set()
    for line in lines:
        try:
            names.add(canonicalize_name(Requirement(line.split(" --hash=")[0]).name))
        except InvalidRequirement:
            continue
    return frozenset(names)


def _check_imports(program: _Program, brought: Brought, problems: Problems) -> None:
    """Report imported modules that no dependency is known to contain, each module once."""
    said: set[str] = set()
    for path, found in sorted(program.foreign):
        module = found.module.split(".")[0]
        if module in said or module == "pulumi_policy" or may_bring(brought.names, module):
            continue
        said.add(module)
        message = f"no dependency of the pack brings the module {shown(module)}"
        hint = f"require the package that has it, for example {module.replace('_', '-')}"
        if cannot_bring(brought.names, module, whole=brought.whole):
            problems.error("import-unknown", message, f"{shown(path)}:{found.line}", hint)
        else:
            message = f"no dependency of the pack is known to bring the module {shown(module)}"
            problems.warn("import-unknown", message, f"{shown(path)}:{found.line}", hint)


def _check_sdk(brought: Brought, kind: str, problems: Problems) -> None:
    """The SDK must be installed: Pulumi starts the pack with it."""
    if SDK in brought.names:
        return
    if kind == "none":
        message = "there is no requirements.txt or pyproject.toml, so nothing is installed for the pack"
        problems.error("no-dependencies", message, "", "write pulumi-policy>=1,<2 into requirements.txt")
        return
    where = REQUIREMENTS if kind == "requirements" else PYPROJECT
    hint = "require pulumi-policy>=1,<2"
    message = "the pack does not depend on pulumi-policy, with which Pulumi runs it"
    if brought.whole or all(name == "pulumi" for name in brought.names):
        problems.error("sdk-missing", message, where, hint)
    else:
        problems.warn("sdk-missing", f"{message}, unless another dependency brings it", where, hint)
