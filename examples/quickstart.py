"""Publish a real policy pack to a registry in a directory, install it into an empty home, and look at it.

    python examples/quickstart.py [--keep]

Every line that starts with `$` is a command that is run, and that you can type yourself. The registry and
the home lie in a temporary directory that is removed at the end unless `--keep` is given. Publishing locks
the pack's dependencies and installing fetches them, so the Python package index, or the mirror that your pip
or uv configuration names, has to be in reach; where it is not, the quickstart says so and ends with the exit
code of the command that needed it.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PACK = Path(__file__).resolve().parent.parent / "fixtures" / "python-guard"
REFERENCE = "python-guard@1.0.0"
INSTALL_FAILED = 10  # packreg's exit code for a tool, the network or the disk


def run(*command: str, environment: dict[str, str]) -> str:
    """Show a command, run it, show what it prints, and return that; ends the program where it fails."""
    print(f"\n$ {shlex.join(command)}", flush=True)
    done = subprocess.run(command, check=False, env=environment, stdout=subprocess.PIPE, encoding="utf-8")
    print(done.stdout, end="", flush=True)
    if done.returncode != 0:
        print(f"\nThe quickstart ends here: exit code {done.returncode}.", file=sys.stderr)
        if done.returncode == INSTALL_FAILED:
            print("Is the Python package index in reach from this machine?", file=sys.stderr)
        sys.exit(done.returncode)
    return done.stdout


def quickstart(directory: Path) -> None:
    """Take one pack the whole way, with the registry and the home in `directory`."""
    bin_directory = Path(sys.executable).parent
    if not shutil.which("packreg", path=str(bin_directory)):
        sys.exit(f"packreg is not installed beside {sys.executable}; run: {sys.executable} -m pip install .")
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(bin_directory), os.environ.get("PATH", os.defpath)]),
        "PACKREG_REGISTRY": (directory / "registry").as_uri(),
        "PACKREG_HOME": str(directory / "home"),
    }
    print(f"$ export PACKREG_REGISTRY={environment['PACKREG_REGISTRY']}")
    print(f"$ export PACKREG_HOME={environment['PACKREG_HOME']}")

    run("packreg", "init", environment=environment)
    run("packreg", "check", str(PACK), environment=environment)
    run("packreg", "publish", str(PACK), environment=environment)
    run("packreg", "versions", "python-guard", environment=environment)
    run("packreg", "install", REFERENCE, environment=environment)
    installed = Path(run("packreg", "path", REFERENCE, environment=environment).strip())

    python = installed / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    show = 'import pulumi_policy; print("pulumi_policy comes from", pulumi_policy.__file__)'
    run(str(python), "-c", show, environment=environment)

    print("\nThe pack is ready for the Pulumi CLI. In a Pulumi project, with a registry that stays:")
    print(f'\n    pulumi preview --policy-pack "$(packreg path {REFERENCE})"')


def main() -> None:
    """Run the quickstart in a temporary directory, kept only where `--keep` asks for it."""
    if sys.argv[1:] not in ([], ["--keep"]):
        sys.exit(__doc__)
    directory = Path(tempfile.mkdtemp(prefix="packreg-quickstart-")).resolve()
    try:
        quickstart(directory)
    finally:
        if sys.argv[1:]:
            print(f"\nKept: {directory}")
        else:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
