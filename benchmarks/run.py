"""Run benchmarks and print their tables as Markdown: `python benchmarks/run.py [NAME…] [--on DIR]`.

With `--small` each runs once, as small as it can be, two side by side: that says whether it runs, no more.
Ends with 0 if every benchmark ran for which the machine has what it needs.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from bundles import bundles
from governance import governance
from installs import node_packs, python_packs
from judging import judging
from measure import machine, shown
from programs import Missing
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
    parser.add_argument("--small", action="store_true", help="each once and small, to see whether they run")
    options = parser.parse_args()
    names = options.names or list(BENCHMARKS)
    if options.small and len(names) > 1:
        sys.exit(_side_by_side(names, options.on))
    print(f"{machine()} File system: that of the directory given with --on.\n")
    for name in names:
        began = time.perf_counter()
        try:
            print(BENCHMARKS[name](options.on, 1 if options.small else options.rounds, options.small))
        except Missing as missing:
            print(f"### {name}\n\nNot measured: {missing}.\n")
        print(f"  {name} took {shown(time.perf_counter() - began)}", file=sys.stderr, flush=True)


def _side_by_side(names: Sequence[str], on: Path) -> int:
    """Run each small in a process of its own and print what it said; 1 if one failed."""

    def run(name: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, __file__, name, "--small", "--on", str(on)]
        return subprocess.run(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    failed = []
    with ThreadPoolExecutor(2) as threads:
        running = {threads.submit(run, name): name for name in reversed(names)}  # the last ones take longest
        for done in as_completed(running):
            print(done.result().stdout, flush=True)
            if done.result().returncode:
                failed.append(running[done])
    print(f"benchmarks that failed: {', '.join(failed)}" if failed else f"{len(names)} benchmarks ran")
    return bool(failed)


if __name__ == "__main__":
    main()
