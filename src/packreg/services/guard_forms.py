"""Where the guard is, in the two forms that the Pulumi CLI takes policy packs in."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from packreg.errors import InstallError

#: The analyzer's program. The CLI looks for `pulumi-analyzer-policy-<runtime>`.
PROGRAM = "pulumi-analyzer-policy-packreg"
#: A directory with a PulumiPolicy.yaml without a version: the CLI would show it for every pack.
DIRECTORY = Path(__file__).with_name("guard_pack")
_NO_CONFIG = DIRECTORY / "no-config.json"
#: The first Pulumi CLI that takes an executable file as a pack.
WITH_FILES = (3, 255, 0)
Version = tuple[int, int, int]


class Forms(NamedTuple):
    """The guard as the CLI can be given it: an executable file or a directory; and an empty configuration."""

    file: str
    directory: str
    no_config: str

    def fitting(self, version: Version | None) -> str:
        """The form for a CLI; one that does not say its version is taken to be new."""
        return self.directory if version is not None and version < WITH_FILES else self.file


def forms() -> Forms:
    """The executable file and the directory of the guard. Raises what `program` raises."""
    return Forms(str(program()), str(DIRECTORY), str(_NO_CONFIG))


def program() -> Path:
    """The analyzer's executable file, beside the interpreter that runs this.

    Raises:
        InstallError: it is not where installers put it.
    """
    places = [Path(sys.executable).parent, Path(sysconfig.get_path("scripts"))]
    places += [Path(sysconfig.get_path("scripts", f"{os.name}_user"))]
    for place in places:
        for name in (PROGRAM, f"{PROGRAM}.exe"):
            if (place / name).is_file():
                return place / name
    found = shutil.which(PROGRAM)
    if found is None:
        raise InstallError(f"{PROGRAM} is not installed beside packreg", hint="install packreg again")
    return Path(found)


def is_guard(path: Path) -> bool:
    """Whether a policy pack's path names the guard, in one of its forms."""
    for own in (*forms()[:2], sys.argv[0]):
        with suppress(OSError, ValueError):  # there is no such file
            if path.samefile(own):
                return True
    return False


def provide_plugin(pulumi_home: Path, version: str) -> Path:
    """Put the analyzer among the Pulumi CLI's plugins, where it finds it for the directory; gives its place.

    What is on PATH goes before it, and is used with a warning.

    Raises:
        InstallError: the directory cannot be written.
    """
    place = pulumi_home / "plugins" / f"analyzer-policy-packreg-v{version}" / PROGRAM
    wanted = program()
    try:
        if place.is_symlink() and place.readlink() == wanted:
            return place
        place.parent.mkdir(parents=True, exist_ok=True)
        made = place.with_name(f".{PROGRAM}-{os.getpid()}")
        made.symlink_to(wanted)
        made.replace(place)
    except OSError as error:
        raise InstallError(
            f"{place} cannot be made: {error.strerror}", hint="set PULUMI_HOME to a directory of yours"
        ) from None
    return place


def pulumi_home(environ: Mapping[str, str]) -> Path:
    """Where the Pulumi CLI keeps its plugins."""
    given = environ.get("PULUMI_HOME", "")
    return Path(given) if given else Path(environ.get("HOME") or Path.home(), ".pulumi")
