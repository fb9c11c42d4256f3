"""Builds wheels of packages that an index has only as source code, before a lock is made with them.

Building runs code of the package's author, so only packages that `Tools.build` names are built: those that
the publisher named with `--build`, or the operator in the settings. Installing a release never builds.

The archive is found by uv and fetched without running anything of it. Its backend is installed from wheels
into an environment of its own; then the backend runs in a temporary directory, with an environment of five
variables that has no credentials in it. It still runs as this user: to keep it from reading the user's files,
publish in a container. The wheel is kept in the home under its sha256, as imported ones are, together with
the archive that it was built from, so the same archive is built once on a machine.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from packreg.errors import InstallError, InvalidPack
from packreg.files import write_file
from packreg.install.disk import disk_errors
from packreg.install.interpreter import find_interpreter
from packreg.install.skeleton import skeleton
from packreg.install.source_archive import unpack_source
from packreg.pack.wheel_file import wheel_metadata
from packreg.registry.artifacts import MAX_ARTIFACT, Artifact

if TYPE_CHECKING:
    from packreg.install.tools import Tools

#: In `Tools.build`, this word allows every package without a wheel.
ALL = "all"
_FORMAT = "packreg built wheel 1"
#: 1980-01-01, the first moment that a zip file can name.
_EPOCH = "315532800"
_FETCH = str(Path(__file__).with_name("fetch_archive.py"))
_WHEELS_REQUIRED = re.compile(r"Wheels are required for `([A-Za-z0-9._-]+)`")
_NO_WHEELS = re.compile(r"\b([A-Za-z0-9][A-Za-z0-9._-]*?)(?:[<>=!~][^ ]*)? has no usable wheels")


def source_only(names: Iterable[str], of: str, directory: str = "") -> InstallError:
    """The error that says which packages an index has only as source code, and how they can be built.

    `directory` is the pack's directory as the user typed it for `publish`, "" for other commands.
    """
    named = sorted(set(names))
    words = ", ".join(named)
    publish = f"packreg publish {' '.join(f'--build {name}' for name in named)}"
    hint = f"`{publish} {shlex.quote(directory)}`" if directory else f"`{publish}`"
    hint += " builds them once, which runs their code"
    if not directory:
        hint += (
            f'; for `dev`, `test` and `analyze` of a directory, so does `build = "{words}"` below [publish] '
            "in your own packreg.toml"
        )
    return InstallError(
        f"{of} depends on what the package index has as source code only, and only wheels are installed: "
        f"{words}",
        hint=f"{hint}; or require versions that have wheels",
    )


class BuiltWheel(NamedTuple):
    """A wheel that was built on this machine, and the file that holds it."""

    artifact: Artifact
    path: Path


class _Source(NamedTuple):
    """A source distribution that an index has."""

    name: str
    version: str
    url: str
    sha256: str

    @property
    def file_name(self) -> str:
        return unquote(urlsplit(self.url).path.rpartition("/")[2])


def lacking_wheels(log: str) -> tuple[str, ...]:
    """The packages without wheels that uv named in the output in the file `log`."""
    with suppress(OSError):
        text = Path(log).read_text("utf-8", "replace")
        return tuple(dict.fromkeys(_WHEELS_REQUIRED.findall(text) or _NO_WHEELS.findall(text)))
    return ()


def without_wheels(lock: bytes) -> tuple[str, ...]:
    """The packages from an index for which a uv.lock or poetry.lock names no wheel."""
    try:
        packages = tomllib.loads(lock.decode("utf-8")).get("package", [])
        return tuple(str(each["name"]) for each in packages if _is_source_only(each))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ()  # exporting the lock reports what is wrong


def _is_source_only(package: Mapping[str, Any]) -> bool:
    if "files" in package:
        files = package["files"]
        return bool(files) and not any(str(each["file"]).endswith(".whl") for each in files)
    return "sdist" in package and not package.get("wheels")


def allowed(name: str, tools: Tools) -> str | None:
    """The requirement in `tools.build` that allows a package to be built; None if none does."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    for text in tools.build:
        if text == ALL:
            return name
        if canonicalize_name(Requirement(text).name) == canonicalize_name(name):
            return text
    return None


def build_wheel_of(
    name: str, bounds: Sequence[str], tools: Tools, python: str, say: Callable[[str], None]
) -> BuiltWheel:
    """Build the wheel of a package, in the newest version that the requirements and constraints allow.

    A wheel that was built before is found again. Lines of `bounds` about other packages are ignored; `python`
    is the lowest version that the lock is for, such as `3.11`; `say` is called before foreign code runs.

    Raises:
        InstallError: it cannot be downloaded or built, or what was built is not for every platform.
    """
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    same = [line for line in bounds if canonicalize_name(Requirement(line).name) == canonicalize_name(name)]
    source = _find(name, same, tools, python)
    memory = _memory(f"of {source.sha256}", tools)
    found = _recalled(memory, tools)
    if found is not None:
        return found
    say(
        f"building {source.name} {source.version} from {source.file_name}: "
        "this runs code of the package's author"
    )
    with tools.home.scratch("build") as place:
        archive = place / "archive"
        doing = f"download {source.file_name}"
        tools.run([sys.executable, "-I", _FETCH, source.url, archive, str(MAX_ARTIFACT)], doing)
        with disk_errors("read", archive), archive.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if sha256 != source.sha256:
            raise InstallError(
                f"{source.file_name} has the sha256 {sha256}, and the index says {source.sha256}",
                hint="find out why before you go on",
            )
        directory = unpack_source(archive, source.file_name, place / "source")
        wheel = _build(directory, source, place, tools)
        with disk_errors("read", wheel):
            data = wheel.read_bytes()
    built_from = f"{source.file_name} sha256:{source.sha256}"
    artifact = Artifact.of(_checked_name(wheel.name, data, source, tools), data, built_from)
    kept = json.dumps(artifact._asdict()).encode()
    path = tools.home.wheels / artifact.sha256 / artifact.name
    with disk_errors("keep the wheel in", tools.home.wheels):
        write_file(path, data, parents=True)
        tools.home.keep(_memory(f"is {artifact.sha256}", tools), kept)
        tools.home.keep(memory, kept)
    return BuiltWheel(artifact, path)


def built_wheels(hashes: Iterable[str], tools: Tools) -> list[BuiltWheel]:
    """Those of the wheels with these sha256 that were built on this machine and are still there."""
    found = (_recalled(_memory(f"is {sha256}", tools), tools) for sha256 in hashes)
    return [wheel for wheel in found if wheel is not None]


def _find(name: str, bounds: Sequence[str], tools: Tools, python: str) -> _Source:
    """The newest source distribution that the bounds allow, found by uv; none of its code is run."""
    command: list[str | Path] = [tools.uv, "pip", "compile", "-", "--universal", "--no-deps", "--no-header"]
    command += ["--only-binary", ":all:", "--no-binary", name, "--format", "pylock.toml", "--quiet"]
    command += ["--python-version", python, "--python", sys.executable]
    lines = "\n".join([name, *bounds]) + "\n"
    output = tools.run(command, f"find the source code of {name}", stdin=lines.encode())
    try:
        (package,) = tomllib.loads(output.decode("utf-8"))["packages"]
        sdist = package["sdist"]
        url = str(sdist["url"]) if "url" in sdist else Path(sdist["path"]).absolute().as_uri()
        found = _Source(str(package["name"]), str(package["version"]), url, str(sdist["hashes"]["sha256"]))
    except (ValueError, KeyError, TypeError) as error:
        raise InstallError(
            f"the index has no source archive of {name} with a sha256: {error!r}",
            hint="build the wheel yourself, and put it into a package index of your own",
        ) from error
    if urlsplit(found.url).scheme not in ("https", "http", "file"):
        raise InstallError(f"{found.url} is not an address from which packreg takes source code")
    return found


def _build(directory: Path, source: _Source, place: Path, tools: Tools) -> Path:
    """Run the build backend of the source in `directory`; returns the path of the wheel."""
    from build import BuildBackendException, BuildException, ProjectBuilder

    environment, home = place / "env", place / "home"
    home.mkdir()
    skeleton(find_interpreter(None, tools), tools).copy(environment)
    python = next(
        path for path in (environment / "bin/python", environment / "Scripts/python.exe") if path.exists()
    )
    system = {name: tools.environ[name] for name in ("SYSTEMROOT",) if name in tools.environ}
    bare = replace(
        tools,
        environ={
            **system,
            "PATH": os.pathsep.join([str(python.parent), os.defpath]),
            "HOME": str(home),
            "TMPDIR": str(home),
            "LANG": "C.UTF-8",
            "SOURCE_DATE_EPOCH": _EPOCH,
        },
        extra={},
        named={},
    )
    doing = f"build the wheel of {source.name} {source.version}"

    def run(
        cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None
    ) -> None:
        bare.run(cmd, doing, cwd=Path(cwd or directory), environ=extra_environ)

    try:
        builder = ProjectBuilder(directory, python_executable=str(python), runner=run)
        _install_backend(builder.build_system_requires, python, place, source, tools)
        _install_backend(builder.get_requires_for_build("wheel"), python, place, source, tools)
        return Path(builder.build("wheel", place / "wheel"))
    except (BuildException, BuildBackendException) as error:
        cause = error.exception if isinstance(error, BuildBackendException) else error
        if isinstance(cause, InstallError):
            raise cause from None
        raise InstallError(f"the backend of {source.name} could not {doing}: {cause}") from error


def _install_backend(
    requirements: Iterable[str], python: Path, place: Path, source: _Source, tools: Tools
) -> None:
    """Install the requirements of a build from wheels of an index only."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        wanted = [Requirement(line) for line in requirements]
    except InvalidRequirement as error:
        raise InstallError(f"what {source.name} needs to be built cannot be read: {error}") from error
    if any(each.url is not None for each in wanted):
        raise InstallError(f"{source.name} needs something to be built that no index has")
    if not wanted:
        return
    file = place / "backend.txt"
    file.write_text("".join(f"{each}\n" for each in wanted), "utf-8")
    command: list[str | Path] = [tools.uv, "pip", "install", "--python", python, "--only-binary", ":all:"]
    command += ["--link-mode", "copy", "--quiet", "-r", file]
    tools.run(command, f"install what {source.name} {source.version} is built with")


def _checked_name(name: str, data: bytes, source: _Source, tools: Tools) -> str:
    """The wheel's file name, checked: it is a wheel of this source and runs on every platform."""
    from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
    from packaging.version import Version

    try:
        project, version, _, tags = parse_wheel_filename(name)
        wheel_metadata(name, data, max(tools.unpacked, MAX_ARTIFACT))
    except (InvalidWheelFilename, InvalidPack) as error:
        raise InstallError(f"the build of {source.name} made no wheel that can be used: {error}") from error
    if project != canonicalize_name(source.name) or version != Version(source.version):
        raise InstallError(f"the build of {source.name} {source.version} made {name}")
    if not any(t.interpreter.startswith("py3") and t.abi == "none" and t.platform == "any" for t in tags):
        raise InstallError(
            f"the wheel {name} of {source.name} {source.version} is for one platform or Python only, "
            "and a lock is for all of them",
            hint="build it for each platform yourself, and put the wheels into a package index of your own",
        )
    return name


def _memory(words: str, tools: Tools) -> Path:
    """The file in which a built wheel is remembered under these words."""
    digest = hashlib.sha256(f"{_FORMAT} {words}".encode()).hexdigest()
    return tools.home.resolved / f"{digest}.json"


def _recalled(memory: Path, tools: Tools) -> BuiltWheel | None:
    """The wheel that is remembered in the file `memory`, if its own file is there unchanged; else None."""
    with suppress(OSError, ValueError, TypeError):
        artifact = Artifact(**json.loads(tools.home.recall(memory) or b"null"))
        path = tools.home.wheels / artifact.sha256 / artifact.name
        if hashlib.sha256(path.read_bytes()).hexdigest() == artifact.sha256:
            return BuiltWheel(artifact, path)
    return None
