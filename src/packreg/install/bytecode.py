"""Compiled modules: those that a policy run imports, compiled at install, and kept by distribution.

Compiling everything costs ten times the installation; compiling nothing costs every run 0.3 s for as long as
the environment cannot be written to. So exactly what `python -m pulumi.policy` and the Pulumi CLI's probe
import is compiled, by importing it once in the new environment. Nothing but the SDK is imported: a pack's own
code and its other dependencies never run at install.

The results are kept under the digest of each distribution's RECORD (which holds the sha256 of every file) and
the interpreter. Another environment with the same distribution gets them by copying, 20 times as fast.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from packreg.errors import InstallError
from packreg.install.home import Home
from packreg.install.interpreter import Interpreter
from packreg.install.marker import python_in_environment
from packreg.install.sealed import Held
from packreg.install.tools import Tools

if TYPE_CHECKING:
    from zipfile import ZipFile

_FORMAT = "packreg bytecode 1"
#: PEP 552: magic (4 bytes), flags (0 for a timestamp), time and size of the source, 4 bytes each.
_HEADER = 16
_IMPORT = """
import importlib, importlib.util
for name in ("pulumi", "pulumi.runtime", "pulumi.policy", "pulumi.run.plugin", "pulumi_policy"):
    try:
        importlib.import_module(name)
    except ImportError:
        pass
for name in ("pulumi.policy.__main__", "pulumi.run.plugin.__main__"):
    try:
        spec = importlib.util.find_spec(name)
        if spec and spec.loader:
            spec.loader.get_code(name)
    except ImportError:
        pass
"""
_COMPILE = """
import json, py_compile, sys
for source in json.load(sys.stdin):
    py_compile.compile(source, doraise=False, quiet=2)
"""


def compile_policy_modules(python: Path, site_packages: Path, interpreter: Interpreter, tools: Tools) -> None:
    """Have the modules that a policy run imports compiled in the environment of `python`.

    Compiled modules of a distribution are taken from the cache if they are there. An SDK that cannot be
    imported now is no error: Python compiles it when a run imports it.

    Raises:
        OSError: the disk is full or refuses.
    """
    if not (site_packages / "pulumi").is_dir():
        return
    missing = [entry for entry in _distributions(site_packages, interpreter, tools) if not entry.restore()]
    if not missing:
        return
    with suppress(InstallError):
        tools.run([python, "-I", "-c", _IMPORT], "import the policy SDK", cwd=site_packages)
    for entry in missing:
        entry.keep()


def compile_again(held: Held, place: Path, tools: Tools) -> bool:
    """Compile again, from the sources, the modules that were compiled in an environment since it was made.

    Anybody who runs something in an environment can write any bytes as a `.pyc`. So a `.pyc` found there only
    says which module to compile; its bytes are replaced. `held` lists the contents of the environment,
    `place` is its directory. Returns whether its contents match the renewed list now.
    """
    differing = [*held.comparison.changed, *held.comparison.missing, *held.comparison.extra]
    wanted: dict[str, str] = {}
    for path in differing:
        directory, _, name = path.rpartition("/__pycache__/")
        source = f"{directory}/{name.partition('.')[0]}.py"
        if source in held.facts["files"]:
            wanted[source] = path
    try:
        for path in differing:
            (place / path).unlink(missing_ok=True)
        command: list[str | Path] = [place / python_in_environment(), "-I", "-S", "-c", _COMPILE]
        sources = json.dumps([str(place / source) for source in wanted]).encode()
        tools.run(command, "compile the modules of the environment", stdin=sources)
        made = [path for path in wanted.values() if (place / path).is_file()]
        held.compiled(differing, made)
    except (OSError, InstallError):
        return False
    return True


def _distributions(site_packages: Path, interpreter: Interpreter, tools: Tools) -> Iterator[_Distribution]:
    for info in sorted(site_packages.glob("*.dist-info")):
        with suppress(OSError):
            record = (info / "RECORD").read_bytes()
            key = hashlib.sha256(f"{_FORMAT}\n{interpreter.identity}\n".encode() + record).hexdigest()
            sources = _sources(record.decode("utf-8", "replace"))
            yield _Distribution(site_packages, tools.home, key, interpreter.cache_tag, sources)


def _sources(record: str) -> list[str]:
    """The paths of Python sources in a RECORD, without those that lead out of site-packages."""
    paths = (line.partition(",")[0] for line in record.splitlines())
    return [
        p for p in paths if p.endswith(".py") and not p.startswith(("/", '"')) and ".." not in p.split("/")
    ]


class _Distribution:
    """One installed distribution and the archive that keeps its compiled modules."""

    def __init__(self, site_packages: Path, home: Home, key: str, cache_tag: str, sources: list[str]) -> None:
        self.site_packages = site_packages
        self.home = home
        self.archive = home.bytecode / f"{key}.zip"
        self.cache_tag = cache_tag
        self.sources = sources

    def restore(self) -> bool:
        """Unpack the compiled modules that were kept, with the times of the sources here in their headers.

        Returns whether there was an archive that could be read.
        """
        from zipfile import BadZipFile, ZipFile

        kept = self.home.recall(self.archive)
        if kept is None:
            return False
        try:
            with ZipFile(BytesIO(kept)) as archive:
                self._unpack(archive)
        except (BadZipFile, ValueError, KeyError):
            return False
        return True

    def _unpack(self, archive: ZipFile) -> None:
        known = set(self.sources)
        made: set[Path] = set()
        for name in archive.namelist():
            if name not in known:
                continue
            source = self.site_packages / name
            status = source.stat()
            data = archive.read(name)
            if int.from_bytes(data[12:_HEADER], "little") != status.st_size & 0xFFFFFFFF:
                continue
            time = (int(status.st_mtime) & 0xFFFFFFFF).to_bytes(4, "little")
            target = self._compiled(source)
            if target.parent not in made:
                target.parent.mkdir(exist_ok=True)
                made.add(target.parent)
            target.write_bytes(data[:8] + time + data[12:])

    def keep(self) -> None:
        """Keep the modules that are compiled now; an empty archive means that policy runs import none."""
        from zipfile import ZIP_STORED, ZipFile

        whole = BytesIO()
        with ZipFile(whole, "w", ZIP_STORED) as archive:
            for name in self.sources:
                with suppress(OSError):
                    data = self._compiled(self.site_packages / name).read_bytes()
                    if len(data) > _HEADER and data[4:8] == b"\0\0\0\0":
                        archive.writestr(name, data)
        self.home.keep(self.archive, whole.getvalue())

    def _compiled(self, source: Path) -> Path:
        return source.parent / "__pycache__" / f"{source.stem}.{self.cache_tag}.pyc"
