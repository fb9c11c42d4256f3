"""Timing commands and functions side by side: every round runs each case once, in turn.

Machines drift, so absolute times are only a guide; the figure to trust is the ratio against the first
case of the same table, measured in the same run.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path


def nothing() -> None:
    """What a case does before a round when there is nothing to prepare."""


@dataclass
class Case:
    """One row of a table: `prepare` runs before each round and is not timed, `run` is."""

    name: str
    run: Callable[[], object]
    prepare: Callable[[], object] = nothing
    seconds: list[float] = field(default_factory=list)


def command(*words: object, cwd: Path | None = None, env: dict[str, str] | None = None) -> Callable[[], None]:
    """A case that starts a program and waits for it; a failure ends the benchmark with its output."""

    def run() -> None:
        done = subprocess.run(
            [str(w) for w in words], cwd=cwd, env=env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(
                f"{' '.join(str(w) for w in words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )

    return run


def measure(title: str, cases: Sequence[Case], rounds: int, *, warm_up: bool = True) -> str:
    """Run every case `rounds` times, interleaved, and return a Markdown table of medians and ratios."""
    for turn in range(rounds + warm_up):
        for case in cases:
            case.prepare()
            start = time.perf_counter()
            case.run()
            took = time.perf_counter() - start
            if turn or not warm_up:
                case.seconds.append(took)
            print(f"  {title}: {case.name}: {shown(took)}", file=sys.stderr)
    base = statistics.median(cases[0].seconds)
    lines = [
        f"### {title}",
        "",
        f"{rounds} rounds." if rounds > 1 else "One round.",
        "",
        "| case | median (min to max) | times the first |",
        "|---|---|---|",
    ]
    for case in cases:
        middle = statistics.median(case.seconds)
        lines.append(
            f"| {case.name} | {shown(middle)} ({shown(min(case.seconds))} to {shown(max(case.seconds))})"
            f" | {ratio(base, middle)} |"
        )
    return "\n".join([*lines, ""])


def ratio(base: float, value: float) -> str:
    """`value` against `base`, in words that cannot be read the wrong way round."""
    return f"{base / value:.1f}x faster" if value < base else f"{value / base:.2f}x the time"


def shown(seconds: float) -> str:
    """A duration in the unit a person would use."""
    return f"{seconds * 1000:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def machine() -> str:
    """The line under every table that says where it was measured."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else "?"
    return f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {cores} cores."


def alone(
    about: str | None,
    table: Callable[[Path, int, bool, Sequence[int]], str],
    sizes: Sequence[int],
    *,
    rounds: int,
) -> None:
    """Run one benchmark that has sizes, as its command line says, and print its tables."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default=",".join(map(str, sizes)), help="how many resources")
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--on", type=Path, default=Path(tempfile.gettempdir()))
    options = parser.parse_args()
    print(f"{machine()}\n")
    print(table(options.on, options.rounds, False, [int(size) for size in options.sizes.split(",")]))
