"""What a command costs before it does anything: against the bare interpreter of the same environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from installs import Bench
from measure import Case, command, measure
from programs import with_opa


def startup(directory: Path, rounds: int, small: bool = False) -> str:
    """A table of commands that people and scripts run all the time."""
    path = with_opa(os.environ["PATH"])
    bench = Bench.on(directory)
    bench.environ["PATH"] = path
    packs = 1 if small else 10
    try:
        for number in range(packs):
            pack = bench.root / f"pack{number}"
            bench.packreg("new", "opa", pack, "--quiet")()
            bench.packreg("publish", pack, "--quiet")()
        bench.packreg("install", "pack0@0.1.0", "--quiet")()
        return measure(
            "Start-up",
            [
                Case("python -c pass", command(sys.executable, "-c", "pass", env=bench.environ)),
                Case(
                    "python -c 'import click'",
                    command(sys.executable, "-c", "import click", env=bench.environ),
                ),
                Case("packreg --help", bench.packreg("--help")),
                Case(f"packreg list, {packs} packs", bench.packreg("list")),
                Case("packreg install, already installed", bench.packreg("install", "pack0@0.1.0")),
                Case("packreg path, already installed", bench.packreg("path", "pack0@0.1.0")),
            ],
            rounds,
            warm_up=not small,
        )
    finally:
        bench.close()
