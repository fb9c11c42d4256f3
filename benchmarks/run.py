"""Run benchmarks and print their tables as Markdown: `python benchmarks/run.py [NAME…] [--on DIR]`."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from bundles import bundles
from governance import governance
from installs import node_packs, python_packs
from judging import judging
from measure import machine
from registries import registries
from startup import startup

from guard import guard
from opa import opa

BENCHMARKS = {
    "startup": startup,
    "bundles": bundles,
    "python": python_packs,
    "node": node_packs,
    "registries": registries,
    "guard": guard,
    "governance": governance,
    "judging": judging,
    "opa": opa,
}


def main() -> None:
    """Run what the command line names, by default all, on the file system of `--on`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; default: all")
    parser.add_argument(
        "--on", type=Path, default=Path(tempfile.gettempdir()), help="the file system measured"
    )
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"{machine()} File system: that of the directory given with --on.\n")
    for name in options.names or BENCHMARKS:
        print(BENCHMARKS[name](options.on, options.rounds), flush=True)


if __name__ == "__main__":
    main()
