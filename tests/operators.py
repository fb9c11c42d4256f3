"""An operator's file where packreg looks for it, seen only by the commands that are started with it.

They run in a mount namespace of their own, in which a copy of `/etc` with the file lies over `/etc`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from packreg.settings.operator import LINUX

_OVER_ETC = 'mount --bind "$0" /etc && exec "$@"'


def needs_root() -> None:
    """Skip where nobody can be given a private `/etc`."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("a private /etc needs root on Linux")
    tried = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"no mount namespace can be had: {tried.stderr.decode(errors='replace').strip()}")


def with_operators_file(
    top: Path, text: str, *, mode: int = 0o644, owner: int = 0, directory_mode: int = 0o755
) -> list[str]:
    """The words in front of a command that is to see this operator's file."""
    needs_root()
    etc = top / "etc"
    shutil.rmtree(etc, ignore_errors=True)
    shutil.copytree("/etc", etc, symlinks=True, ignore_dangling_symlinks=True)
    file = etc / Path(LINUX).relative_to("/etc")
    file.parent.mkdir()
    file.write_text(text, "utf-8")
    file.chmod(mode)
    os.chown(file, owner, owner)
    file.parent.chmod(directory_mode)
    return ["unshare", "-m", "--propagation", "private", "sh", "-c", _OVER_ETC, str(etc)]
