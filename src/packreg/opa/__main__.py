"""`python -m packreg.opa <engine address> <pack directory>`: an OPA pack as an analyzer process.

Also the program `pulumi-analyzer-policy-opa`, which a Pulumi CLI before 3.274 starts for packs with
`runtime: opa`. The engine's address is not used. `-opa=PATH` names the program `opa`, which is otherwise
looked up on PATH; `-allow=NAME,…` lets rules call these functions with access to network or files; other
options come from the CLI and are ignored.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

from packreg.errors import Problem
from packreg.opa.load import load_files, read_directory
from packreg.opa.modules import Staged
from packreg.opa.program import WHERE, OpaFailure
from packreg.opa.server import serve
from packreg.opa.service import OpaService, private_folder
from packreg.pack.problems import Problems
from packreg.text import plain


def main(arguments: list[str] | None = None) -> int:
    """Serve the pack until asked to end.

    Returns the exit code: 0, or 1 when the pack cannot be served, or 2 for a wrong command line.
    """
    given = sys.argv[1:] if arguments is None else arguments
    options = dict(word[1:].split("=", 1) for word in given if word.startswith("-") and "=" in word)
    words = [word for word in given if not word.startswith("-")]
    if len(words) < 2:
        sys.stderr.write("usage: pulumi-analyzer-policy-opa ENGINE_ADDRESS PACK_DIRECTORY [-opa=PATH]\n")
        return 2
    opa = options.get("opa") or shutil.which("opa")
    if not opa:
        sys.stderr.write(f"error: OPA packs need the program opa, which was not found\n  hint: {WHERE}\n")
        return 1
    allowed = [name for name in options.get("allow", "").split(",") if name]
    problems = Problems()
    with private_folder() as folder:
        try:
            files = read_directory(Path(words[1]), problems)
            staged = Staged(opa, Path(folder), files, allowed)
            pack = load_files(files, staged, problems)
            _say(problems)
            if pack is None:
                return 1
            service = OpaService(staged)
            try:
                asyncio.run(serve(pack, service))
            finally:
                service.close()
        except OpaFailure as failure:
            sys.stderr.write(f"error: {failure}\n")
            return 1
    return 0


def _say(problems: Problems) -> None:
    for kind, found in (("warning", problems.warnings), ("error", problems.errors)):
        for problem in found:
            _write(kind, problem)


def _write(kind: str, problem: Problem) -> None:
    place = f"{problem.where}: " if problem.where else ""
    sys.stderr.write(plain(f"{kind}[{problem.code}] {place}{problem.message}") + "\n")
    if problem.hint:
        sys.stderr.write(plain(f"  hint: {problem.hint}") + "\n")


if __name__ == "__main__":
    sys.exit(main())
