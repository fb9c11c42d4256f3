"""The Python environment of a pack directory in development: an ordinary one, as its author would make it.

It holds the packages of the lock, pip and the activation scripts, so `venv/bin/pip install -r
requirements.txt`, `source venv/bin/activate`, `pip list` and `uv pip list` work as usual.
An environment that somebody made with `python -m venv` or `uv venv` is taken over: the packages of the lock
are installed into it, and everything else stays. Copying the packages takes a second for each change of the
dependencies, where a link into the store would take a millisecond.

No program of the environment is run to fill it, not even its Python: the environment may have come with a
checkout, and the variables given to tools hold credentials. uv installs from outside, with the interpreter
that the environment was made from. pip cannot do that, so without uv an environment is made again instead of
being changed, and none is taken over.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from packreg.errors import InstallError
from packreg.files import read_file, write_file
from packreg.install.attach import MADE_FROM
from packreg.install.disk import remove_tree
from packreg.install.environment import Into, Needs, environment_key, install_lock, install_wheels
from packreg.install.fitting import choose_interpreter, is_named
from packreg.install.interpreter import Interpreter, find_interpreter
from packreg.install.marker import python_in_environment
from packreg.install.requirements_lock import read_lock
from packreg.install.skeleton import make_empty, skeleton
from packreg.install.tools import Tools
from packreg.pack.requires_python import is_in

_MAX_FILE = 2**20
#: The kinds in the file `MADE_FROM`; its lines are the key, the kind, `asked`, and one for each package.
_OURS, _THEIRS, _UNFINISHED = "own", "taken over", "unfinished"
_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._]*-[^-/\\]+\.dist-info", re.ASCII)


class Made(NamedTuple):
    """What an environment was made from. `key` is the hash of what it holds, "" while that is being changed.

    A `kind` other than `_OURS` and `_THEIRS` means that it is incomplete, or from an older packreg. `asked`
    is the digest from `asked_for`; `packages` are the `.dist-info` directories of the lock's packages in it.
    """

    key: str = ""
    kind: str = _UNFINISHED
    asked: str = ""
    packages: tuple[str, ...] = ()

    @property
    def can_change(self) -> bool:
        """Whether it can be updated; otherwise it has to be made again."""
        return self.kind in (_OURS, _THEIRS)


def read_made(place: Path) -> Made | None:
    """What packreg made the environment at `place` from; None if it did not make it, or `place` is a link."""
    if place.is_symlink():
        return None
    try:
        lines = read_file(place / MADE_FROM, _MAX_FILE).decode("utf-8", "replace").splitlines()
    except OSError:
        return None
    key, kind, asked = (*lines[:3], "", "", "")[:3]
    made = Made(key, kind, asked, tuple(line for line in lines[3:] if _PACKAGE.fullmatch(line)))
    return made if made.can_change else Made()


def own_environment(
    place: Path,
    needs: Needs,
    tools: Tools,
    *,
    asked: str,
    python: str | None = None,
    offline: bool = False,
    note: Callable[[str], None] = lambda sentence: None,
    say: Callable[[str], None] = lambda step: None,
) -> bool:
    """Update the environment at `place`, take it over, or make it; returns whether anything was done.

    `asked` is kept in it, for `read_made`. What somebody installed there stays as long as the interpreter is
    the same; otherwise `note` is called with what was removed. An environment that was taken over keeps its
    interpreter unless another `python` is named.

    Raises:
        InstallError: what is at `place` is no environment, or cannot be taken over; a package is not
            available.
        UsageError: its interpreter lies in the checkout.
        OSError: the disk refuses.
    """
    made = read_made(place)
    if made is None and os.path.lexists(place) and not (place.is_dir() and not any(place.iterdir())):
        interpreter, made = _taken_over(place, python, tools), Made(kind=_THEIRS)
    elif made is not None and made.kind == _THEIRS and python is None:
        interpreter = base_interpreter(place, tools)
    else:
        interpreter = choose_interpreter(python, tools, requires=needs.requires, of=needs.of)
    if not is_in(needs.requires, interpreter.release):
        raise InstallError(
            f"{needs.of} requires Python {needs.requires}, and {place} was made with {interpreter}",
            hint=f"remove {place}, and packreg makes one",
        )
    key = environment_key(needs, interpreter)
    packages = place / skeleton(interpreter, tools).site_packages
    fits = made is not None and made.can_change and _is_inside(packages, place)
    fits = fits and interpreter.path in map(os.path.realpath, _bases(place))
    if (
        made is not None
        and fits
        and made.key == key
        and all((packages / name).is_dir() for name in made.packages)
    ):
        if made.asked != asked:
            _keep(place, made._replace(asked=asked))
        return False
    pip: tuple[tuple[str, bytes], ...] = ()
    if made is None or not fits or not tools.uv:
        say("making the environment")
        _tell_lost(place, made, note)
        remove_tree(place)
        place.mkdir(parents=True)
        made, pip = Made(kind=_OURS), _pip_wheel(interpreter)
        _keep(place, Made())
        make_empty(place, interpreter, tools)
    else:
        _keep(place, made._replace(key=""))
    say("installing the dependencies")
    _fill(place, needs, pip, interpreter, tools, offline)
    there = _of_lock(packages, needs)
    _remove(sorted({*made.packages} - {*there}), packages, place, interpreter, tools)
    _keep(place, Made(key, made.kind, asked, there))
    return True


def base_interpreter(place: Path, tools: Tools) -> Interpreter:
    """The interpreter, outside the environment at `place`, that it was made from.

    Raises:
        InstallError: there is none, or it is no Python.
        UsageError: it lies in the checkout.
    """
    for base in _bases(place):
        return find_interpreter(str(base), tools)
    raise InstallError(
        f"the interpreter of {place} is not there any more, or its pyvenv.cfg does not name it",
        hint="remove it, or make it again with `python3 -m venv`",
    )


def _bases(place: Path) -> Iterator[Path]:
    """Existing interpreters in the `home` that the environment's pyvenv.cfg names, the likeliest first."""
    settings = _settings(place)
    version = re.search(r"^version(?:_info)?\s*=\s*([0-9]+\.[0-9]+)", settings, re.MULTILINE)
    home = re.search(r"^home\s*=\s*(.+?)\s*$", settings, re.MULTILINE)
    if home and version and Path(home[1]).is_absolute():
        names = (f"python{version[1]}", "python3", "python", "python.exe")
        yield from (Path(home[1]) / name for name in names if (Path(home[1]) / name).is_file())


def _taken_over(place: Path, python: str | None, tools: Tools) -> Interpreter:
    """The interpreter of an environment that is to be taken over.

    Raises:
        InstallError: it is no environment, was not made with `python`, or there is no uv.
    """
    if place.is_symlink() or not (place / "pyvenv.cfg").is_file():
        raise InstallError(
            f"{place} is there already, and is no Python environment",
            hint="remove it, or point runtime.options.virtualenv in PulumiPolicy.yaml somewhere else",
        )
    again = f"remove {place}, and packreg makes one"
    if not tools.uv:
        raise InstallError(
            f"{place} was not made by packreg, and cannot be taken over without uv", hint=again
        )
    found = base_interpreter(place, tools)
    if python is not None and not is_named(found.path, python, tools):
        raise InstallError(f"{place} was made with {found}, not with {python}", hint=again)
    if not _is_inside(place / skeleton(found, tools).site_packages, place):
        raise InstallError(f"{place} has no place for packages of {found}", hint=again)
    return found


def _fill(
    place: Path,
    needs: Needs,
    pip: tuple[tuple[str, bytes], ...],
    interpreter: Interpreter,
    tools: Tools,
    offline: bool,
) -> None:
    inside = Into(place / python_in_environment())  # used without uv only: then it was made just now
    into = Into(Path(interpreter.path), place) if tools.uv else inside
    packages = read_lock(needs.lock, needs.of)
    with tools.home.scratch("environment") as staging:
        if packages:
            install_lock(into, staging, needs, packages, tools, offline=offline)
        wheels = (*needs.wheels, *pip)
        if wheels:
            install_wheels(into, staging, needs._replace(wheels=wheels), tools)
    _own_scripts(place, interpreter.path)


def _own_scripts(place: Path, python: str) -> None:
    """Let console scripts run the environment's Python: uv writes the path of the one it used, `python`."""
    own = place / python_in_environment()
    short = len(str(own)) < 120 and " " not in str(own)
    line = f"#!{own}\n" if short else f"#!/bin/sh\n'''exec' \"{own}\" \"$0\" \"$@\"\n' '''\n"
    for script in own.parent.iterdir():
        if script.is_symlink() or not script.is_file():
            continue
        data = script.read_bytes()
        for head in (f"#!{python}\n", f"#!/bin/sh\n'''exec' '{python}' \"$0\" \"$@\"\n' '''\n"):
            if data.startswith(head.encode()):
                script.write_bytes(line.encode() + data[len(head) :])


def _remove(names: list[str], packages: Path, place: Path, interpreter: Interpreter, tools: Tools) -> None:
    """Uninstall the packages `names`, which an older lock had and the new one does not have."""
    gone = [_name(name) for name in names if (packages / name).is_dir()]
    if gone and tools.uv:
        into = Into(Path(interpreter.path), place)
        command = [tools.uv, "pip", "uninstall", *into.words, *gone]
        tools.run(command, "remove packages that the pack no longer asks for")


def _of_lock(packages: Path, needs: Needs) -> tuple[str, ...]:
    """The `.dist-info` directories of the lock's packages that are installed in `packages`."""
    wanted = {_plain(package.name) for package in read_lock(needs.lock, needs.of)}
    return tuple(sorted(name for name in _directories(packages) if _plain(_name(name)) in wanted))


def _tell_lost(place: Path, made: Made | None, note: Callable[[str], None]) -> None:
    """Call `note` with the packages that somebody had installed into an environment that is made again."""
    ours = {"pip", *(_plain(_name(name)) for name in (made.packages if made else ()))}
    found = {
        _name(name) for packages in place.glob("lib/python*/site-packages") for name in _directories(packages)
    }
    lost = sorted(name for name in found if _plain(name) not in ours)
    if lost:
        note(f"{place} was made anew; install again what you had put there: {' '.join(lost)}")


def lacking(place: Path, wanted: Iterable[str]) -> list[str]:
    """Those of the `wanted` packages that are not in an environment; [] if only running it could tell."""
    shared = r"^include-system-site-packages\s*=\s*true"
    found = list(place.glob("lib/python*/site-packages"))
    if not found or re.search(shared, _settings(place), re.MULTILINE | re.IGNORECASE):
        return []
    there = {_plain(_name(name)) for packages in found for name in _directories(packages)}
    return [name for name in wanted if _plain(name) not in there]


def _settings(place: Path) -> str:
    """What the environment's pyvenv.cfg says; "" if there is none."""
    with suppress(OSError):
        return read_file(place / "pyvenv.cfg", _MAX_FILE).decode("utf-8", "replace")
    return ""


def _directories(packages: Path) -> list[str]:
    return [path.name for path in packages.glob("*.dist-info") if _PACKAGE.fullmatch(path.name)]


def _name(directory: str) -> str:
    return directory.partition("-")[0]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _is_inside(packages: Path, place: Path) -> bool:
    """Whether the directories that will be written to exist, and no link leads out of the environment."""
    parts = (packages, (place / python_in_environment()).parent)
    return all(part.is_dir() and part.resolve().is_relative_to(place.resolve()) for part in parts)


def _pip_wheel(interpreter: Interpreter) -> tuple[tuple[str, bytes], ...]:
    """Name and bytes of the pip wheel that virtualenv has for this Python; empty if it has none."""
    from virtualenv.seed.wheels.embed import get_embed_wheel

    wheel = get_embed_wheel("pip", interpreter.minor)
    return ((wheel.path.name, wheel.path.read_bytes()),) if wheel is not None else ()


def _keep(place: Path, made: Made) -> None:
    write_file(place / MADE_FROM, "".join(f"{word}\n" for word in (*made[:3], *made.packages)).encode())
