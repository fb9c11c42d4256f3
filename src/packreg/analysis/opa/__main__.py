"""`python -m packreg.analysis.opa <engine address> <pack directory>`: an OPA pack as an analyzer process.

Also the program `pulumi-analyzer-policy-opa`, which the Pulumi CLI starts for packs with `runtime: opa`. The
engine's address is not used, further arguments (`-option=value`) are not either.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from packreg.errors import Problem


def main(arguments: list[str] | None = None) -> int:
    """Serve the pack until asked to end: 0. 1 when it cannot be served, 2 for a wrong command line."""
    given = sys.argv[1:] if arguments is None else arguments
    if len(given) < 2:
        sys.stderr.write("usage: pulumi-analyzer-policy-opa ENGINE_ADDRESS PACK_DIRECTORY\n")
        return 2
    os.putenv("RUST_LIB_BACKTRACE", "0")  # the engine's errors are values here, and backtraces are slow
    from packreg.analysis.opa.load import load_directory
    from packreg.pack.problems import Problems

    problems = Problems()
    try:
        pack = load_directory(Path(given[1]), problems)
    except ModuleNotFoundError as error:
        if error.name != "regorus":
            raise
        sys.stderr.write("error: OPA packs need an engine: pip install 'packreg[opa]'\n")
        return 1
    for problem in problems.warnings:
        _say("warning", problem)
    for problem in problems.errors:
        _say("error", problem)
    if pack is None:
        return 1
    from packreg.analysis.opa.server import serve

    asyncio.run(serve(pack))
    return 0


def _say(kind: str, problem: Problem) -> None:
    place = f"{problem.where}: " if problem.where else ""
    sys.stderr.write(f"{kind}[{problem.code}] {place}{problem.message}\n")
    if problem.hint:
        sys.stderr.write(f"  hint: {problem.hint}\n")


if __name__ == "__main__":
    sys.exit(main())
