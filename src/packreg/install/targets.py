"""Targets that dependencies are sealed for (a platform, and a Python version), and which files fit them.

A platform is a word such as `linux-x86_64`. Wheels say what they fit by tags (PyPA, "Platform compatibility
tags"), lines of a Python lock by markers, packages of an npm lock by `os`, `cpu` and `libc`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from packreg.errors import UsageError
from packreg.install.ask_interpreter import facts

if TYPE_CHECKING:
    from packreg.install.interpreter import Interpreter
    from packreg.install.requirements_lock import Locked

#: The first part of a platform -> `sys.platform`, `platform.system()`, `os.name`, and npm's `os`.
_SYSTEMS = {
    "linux": ("linux", "Linux", "posix", "linux"),
    "musl": ("linux", "Linux", "posix", "linux"),
    "macos": ("darwin", "Darwin", "posix", "darwin"),
    "windows": ("win32", "Windows", "nt", "win32"),
}
#: `platform.machine()` -> npm's `cpu`, where they differ.
_NPM_CPUS = {"x86_64": "x64", "aarch64": "arm64", "AMD64": "x64", "ARM64": "arm64", "i686": "ia32"}
#: Minor versions of glibc 2. Wheels exist from 2.5 on; the highest is newer than that of any system today.
_GLIBC = range(5, 61)
_LEGACY = {5: "manylinux1", 12: "manylinux2010", 17: "manylinux2014"}
_MUSL = range(6)
_MACOS = (26, 0)
_PLATFORM = re.compile(r"(linux|musl|macos|windows)-([a-z0-9_]{2,20})", re.ASCII)
_PYTHON = re.compile(r"3\.([1-9][0-9]?)", re.ASCII)
_LOWEST_MINOR = 11


class Target(NamedTuple):
    """A platform and, for Python packs, a version such as `3.12`; for Node.js packs none."""

    platform: str
    python: str = ""

    @classmethod
    def parse(cls, text: str) -> Target:
        """The target that `str` gave this text for. Raises: UsageError: it is no target."""
        platform, _, python = text.partition(" python ")
        return cls(known_platform(platform), known_python(python) if python else "")

    def __str__(self) -> str:
        return f"{self.platform} python {self.python}" if self.python else self.platform

    @property
    def machine(self) -> str:
        """The processor, as `platform.machine()` names it on that platform."""
        system, _, word = self.platform.partition("-")
        return {"x86_64": "AMD64", "arm64": "ARM64"}.get(word, word) if system == "windows" else word

    @property
    def wheel_platforms(self) -> list[str]:
        """The platform tags of wheels that fit; those that fit most machines come first."""
        from packaging import tags

        system, machine = self.platform.partition("-")[0], self.machine
        if system == "linux":
            found = []
            for minor in _GLIBC:
                found.append(f"manylinux_2_{minor}_{machine}")
                if minor in _LEGACY:
                    found.append(f"{_LEGACY[minor]}_{machine}")
            return [*found, f"linux_{machine}"]
        if system == "musl":
            return [*(f"musllinux_1_{minor}_{machine}" for minor in _MUSL), f"linux_{machine}"]
        if system == "macos":
            return list(tags.mac_platforms(_MACOS, machine))[::-1]
        return [f"win_{machine.lower()}"]

    def needs(self, package: Locked) -> bool:
        """Whether a line of a lock is for this target."""
        if not package.marker:
            return True
        from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName

        try:
            return Marker(package.marker).evaluate(self._environment)
        except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName, RecursionError):
            return True  # an installer could need it

    def fits(self, wheel: str) -> bool:
        """Whether a wheel, by its file name, fits the target, supposing that its C library is new enough."""
        return _has_one(wheel, _tags(self.python, tuple(self.wheel_platforms)))

    def takes(self, package: Mapping[str, Any]) -> bool:
        """Whether npm installs an entry of its lock on the target, by the entry's `os`, `cpu` and `libc`."""
        system = self.platform.partition("-")[0]
        libc = {"linux": "glibc", "musl": "musl"}.get(system, "")
        here = {"os": _SYSTEMS[system][3], "cpu": _NPM_CPUS.get(self.machine, self.machine), "libc": libc}
        return all(_listed(package.get(key), value) for key, value in here.items() if value or key != "libc")

    @property
    def _environment(self) -> dict[str, str]:
        system, name, os_name, _ = _SYSTEMS[self.platform.partition("-")[0]]
        return {
            "sys_platform": system,
            "platform_system": name,
            "os_name": os_name,
            "platform_machine": self.machine,
            "python_version": self.python,
            "python_full_version": f"{self.python}.99",  # a lock for 3.12 holds for each of its releases
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.99",
            "platform_python_implementation": "CPython",
            "extra": "",
        }


def known_platform(text: str) -> str:
    """The text itself, checked. Raises: UsageError: it is no platform."""
    if not _PLATFORM.fullmatch(text):
        raise UsageError(
            f"{text[:80]!r} is not a platform",
            hint="write linux-x86_64, linux-aarch64, musl-x86_64, macos-arm64, windows-x86_64, …",
        )
    return text


def known_python(text: str) -> str:
    """The text itself, checked. Raises: UsageError: it is no version of Python that locks are made for."""
    match = _PYTHON.fullmatch(text)
    if match is None or int(match[1]) < _LOWEST_MINOR:
        raise UsageError(f"{text[:80]!r} is not a version of Python", hint="write 3.11, 3.12, …")
    return text


def platform_here() -> str:
    """The platform of this machine. Raises: UsageError: it is none that packreg knows."""
    said = facts()
    return known_platform(_word(said["system"], said["machine"], said["libc"]))


def target_of(interpreter: Interpreter) -> Target | None:
    """The target of an interpreter of this machine; None if it is not CPython or its platform is unknown."""
    word = _word(interpreter.system, interpreter.machine, interpreter.libc)
    is_known = interpreter.implementation == "cpython" and _PLATFORM.fullmatch(word)
    return Target(word, interpreter.minor) if is_known else None


def fits_here(wheel: str, python: str) -> bool:
    """Whether a wheel, by its file name, can be installed on this machine with this version of Python."""
    from packaging.tags import platform_tags

    return _has_one(wheel, _tags(python, tuple(platform_tags())))


def all_targets(platforms: Sequence[str], pythons: Iterable[str]) -> tuple[Target, ...]:
    """Every platform with every Python; without Pythons, the platforms alone. Duplicates are dropped."""
    return tuple(
        Target(platform, python)
        for platform in dict.fromkeys(platforms)
        for python in (dict.fromkeys(pythons) or ("",))
    )


def _word(system: str, machine: str, libc: str) -> str:
    if system == "linux":
        return f"{'linux' if libc else 'musl'}-{machine.lower()}"
    name = {"darwin": "macos", "win32": "windows"}.get(system, system)
    word = {"amd64": "x86_64"}.get(machine.lower(), machine.lower())
    return f"{name}-{word}"


@cache
def _tags(python: str, platforms: tuple[str, ...]) -> frozenset[str]:
    """The tags of wheels that fit a version of CPython on these platforms."""
    from packaging import tags

    version = (3, int(python.partition(".")[2]))
    abi = f"cp{version[0]}{version[1]}"
    fitting = [
        *tags.cpython_tags(version, [abi], platforms),
        *tags.compatible_tags(version, abi, platforms),
    ]
    return frozenset(map(str, fitting))


def _has_one(wheel: str, tags: frozenset[str]) -> bool:
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    try:
        said = parse_wheel_filename(wheel)[3]
    except InvalidWheelFilename:
        return False
    return not tags.isdisjoint(map(str, said))


def _listed(said: object, value: str) -> bool:
    """Whether `value` is allowed by a list of npm's: of allowed words, or, with `!`, of forbidden ones."""
    words = [said] if isinstance(said, str) else said
    if not isinstance(words, list) or not words:
        return True
    texts = [word for word in words if isinstance(word, str)]
    if any(word == f"!{value}" for word in texts):
        return False
    wanted = [word for word in texts if not word.startswith("!")]
    return not wanted or value in wanted or "any" in wanted
