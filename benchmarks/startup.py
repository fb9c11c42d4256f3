"""What a command costs before it does anything: against the bare interpreter of the same environment."""

from __future__ import annotations

import sys
from pathlib import Path

from installs import Bench
from measure import Case, command, measure


def startup(directory: Path, rounds: int) -> str:
    """A table of commands that people and scripts run all the time."""
    bench = Bench.on(directory)
    try:
        for number in range(10):
            pack = bench.root / f"pack-{number}"
            bench.packreg("new", "opa", pack, "--quiet")()
            bench.packreg("publish", pack, "--name", f"pack-{number}", "--quiet")()
        bench.packreg("install", "pack-0@0.1.0", "--quiet")()
        return measure(
            "Start-up",
            [
                Case("python -c pass", command(sys.executable, "-c", "pass", env=bench.environ)),
                Case(
                    "python -c 'import click'",
                    command(sys.executable, "-c", "import click", env=bench.environ),
                ),
                Case("packreg --help", bench.packreg("--help")),
                Case("packreg list, 10 packs", bench.packreg("list")),
                Case("packreg install, already installed", bench.packreg("install", "pack-0@0.1.0")),
                Case("packreg path, already installed", bench.packreg("path", "pack-0@0.1.0")),
            ],
            rounds,
        )
    finally:
        bench.close()
