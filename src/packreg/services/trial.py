"""A pack is run once before it is published, and asked what it is: its name, its policies, their schemas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from packreg.errors import InstallError, InvalidPack, PackFailed, Problem
from packreg.groups.metadata_rules import metadata_problems
from packreg.install.trial import tried
from packreg.pack.version import name_problem
from packreg.services.check import UNNAMED, check_path, checked_pack, name_alone_is_unknown
from packreg.services.pack_programs import Ready, program_of

if TYPE_CHECKING:
    from packreg.install.tools import Tools
    from packreg.pack.check import Pack
    from packreg.pack.metadata import PackInfo
    from packreg.registry.record import Lock
    from packreg.services.workspace import Workspace

WITHOUT = "--no-run publishes it without running it, and without its policies in the record"
_LOG_LINES = 12
#: What both SDKs say of `Config.require` where the stack does not have the key.
_NO_CONFIG = "Missing required configuration variable"


def named_or_not(
    workspace: Workspace, directory: Path, name: str | None, version: str | None
) -> tuple[Pack, bool]:
    """The pack in a directory, and whether its name is known; if not, it is `UNNAMED`.

    Raises:
        InvalidPack: it breaks the rules, other than that its source does not say one name.
    """
    if name is None:
        report, _ = check_path(workspace, directory, None, version)
        if name_alone_is_unknown(report):
            return checked_pack(workspace, directory, UNNAMED, version, loadable=True), False
    return checked_pack(workspace, directory, name, version, loadable=True), True


def ask_pack(
    workspace: Workspace,
    pack: Pack,
    lock: Lock | None,
    show: Callable[[str], None],
    *,
    tools: Tools | None = None,
    python: str | None = None,
) -> PackInfo:
    """What the pack says of itself, started from its bundle's files with the environment of its lock.

    Raises:
        InvalidPack: it does not start, or its metadata breaks the rules.
        InstallError: this machine cannot run it.
    """
    from packreg.analyzer.pool import Pool

    interpreter = workspace.python(python)
    with tried(pack, lock, tools or workspace.tools, python=interpreter, say=show) as (
        directory,
        manifest,
    ):
        show("running the pack")
        name = pack.name if pack.name != UNNAMED else "the pack"
        ready = Ready(name, pack.version.text, directory, manifest)
        try:
            with Pool(keep=0) as pool:
                return pool.take(program_of(workspace, ready, None)).info()
        except PackFailed as failed:
            raise _refused(failed) from None


def learned(pack: Pack, info: PackInfo) -> Pack:
    """The pack under the name that it gives itself.

    Raises:
        InvalidPack: that cannot name a pack.
    """
    name = info.name.lower()
    if problem := name_problem(name):
        found = Problem(
            "name", f"'{info.name}' cannot name a pack: {problem}", "", "give another with --name"
        )
        raise InvalidPack("the name that the running pack gives itself cannot be used", (found,))
    return replace(pack, name=name)


def check_metadata(pack: Pack, info: PackInfo) -> None:
    """Compare what the pack says of itself with what it is published as.

    Raises:
        InvalidPack: with everything that is wrong.
    """
    problems = tuple(metadata_problems(info, pack.name, pack.version.text, pack.runtime))
    if problems:
        raise InvalidPack(
            f"the running pack's metadata has {len(problems)} problem{'s' if len(problems) != 1 else ''}",
            problems,
        )


def _refused(failed: PackFailed) -> InvalidPack | InstallError:
    """A pack that does not run is refused, as one that breaks any other rule; a missing program is not its
    fault.
    """
    if failed.code in ("not-started", "no-analyzer", "stopped"):
        return InstallError(str(failed), hint=failed.hint or WITHOUT)
    if failed.code == "bad-metadata":
        return InvalidPack(
            "the running pack cannot be asked for its policies", (Problem(failed.code, str(failed)),)
        )
    hint = failed.hint
    if _NO_CONFIG in failed.log:
        hint = (
            "it reads a stack's configuration when it is loaded, and when it is published there is no stack: "
            "read it inside the policies"
        )
    problem = Problem(failed.code, str(failed), "", hint)
    log = [line for line in failed.log.splitlines() if line.strip()][-_LOG_LINES:]
    wrote = "\n".join(["; its last output:", *log]) if log else ""
    why = f": {failed.reason}" if failed.reason else ""
    return InvalidPack(f"the pack was started to ask for its policies, and failed{why}{wrote}", (problem,))
