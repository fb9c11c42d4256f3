"""A pack in a directory or a bundle, checked as `publish` does, and with the wheel that it runs as."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from packreg.errors import InvalidPack, UsageError
from packreg.files import read_file
from packreg.opa.program import WHERE
from packreg.pack.conflict_marks import tell_conflicts
from packreg.pack.problems import Problems
from packreg.settings.limits import pack_limits

if TYPE_CHECKING:
    from packreg.pack.check import Pack, PackReport
    from packreg.services.workspace import Workspace

#: What a pack is called whose name is known when it runs; no pack is published under it.
UNNAMED = "unnamed"


def check_path(
    workspace: Workspace,
    path: Path,
    name: str | None,
    version: str | None,
    *,
    loadable: bool = False,
    without_opa: bool = False,
) -> tuple[PackReport, Pack | None]:
    """Check a pack directory or the file of a bundle.

    With `loadable`, its files, `opa`, Node.js and npm are also asked whether it can be loaded.

    Raises:
        InstallError: there is no `opa` for an OPA pack; with `without_opa` that is a warning.
    """
    from packreg.pack.check import check_bundle, check_directory

    place = Path(workspace.cwd, path)
    if place.is_file():
        limits = workspace.limits
        data = read_file(place, limits.unpacked, beginning=True)
        report, pack = check_bundle(data, name=name, version=version, limits=limits, loadable=loadable)
    elif place.is_dir():
        poetry = workspace.tools.which("poetry") is not None
        report, pack = check_directory(
            place, name=name, version=version, limits=workspace.limits, poetry=poetry, loadable=loadable
        )
    else:
        raise UsageError(f"there is no directory or bundle {path}", hint="name the directory of a pack")
    found = Problems()
    if loadable and report.runtime == "python":
        from packreg.services.python_findings import judged_by_its_python

        report = judged_by_its_python(report, workspace.settings.python, workspace.tools)
    elif loadable and report.runtime == "opa":
        _opa_findings(workspace, report, found, without_opa=without_opa)
    elif loadable and report.runtime == "nodejs":
        from packreg.services.nodejs_findings import nodejs_findings

        directory = place if place.is_dir() else None
        nodejs_findings(report.contents, directory, workspace.tools, found)
        tell_conflicts(report.contents, found)
    errors, warnings = (*report.errors, *found.errors), (*report.warnings, *found.warnings)
    if any(problem.code.startswith("rego-") for problem in found.errors):
        errors = tuple(problem for problem in errors if problem.code != "name-unknown")
    return replace(report, errors=errors, warnings=warnings), pack


def _opa_findings(workspace: Workspace, report: PackReport, problems: Problems, *, without_opa: bool) -> None:
    """Add what `opa` says of the Rego files."""
    from packreg.opa.check import opa_problems

    opa = workspace.tools.which("opa") if without_opa else workspace.tools.need("opa", WHERE)
    if opa is None:
        problems.warn("rego-unchecked", "the Rego files were not checked: there is no program opa", "", WHERE)
        return
    memory = pack_limits(workspace.settings.values, report.name or UNNAMED).memory
    allowed = workspace.settings.opa_functions
    opa_problems(report.contents, problems, opa, allowed=allowed, memory=memory)
    if workspace.settings.opa_analyzer:
        # the operator's own analyzer may allow them, and is what `publish` starts the pack with
        lacking = [problem for problem in problems.errors if problem.code == "rego-unknown-function"]
        problems.errors[:] = [problem for problem in problems.errors if problem not in lacking]
        problems.warnings.extend(lacking)


def name_alone_is_unknown(report: PackReport) -> bool:
    """Whether the only thing wrong with a pack is that its source does not give one name."""
    return [problem.code for problem in report.errors] == ["name-unknown"]


def checked_pack(
    workspace: Workspace, directory: Path, name: str | None, version: str | None, **more: bool
) -> Pack:
    """The pack in a directory; warnings are told. `more` as in `check_path`.

    Raises:
        InvalidPack: it breaks the rules.
    """
    place = Path(workspace.cwd, directory)
    if not place.is_dir():
        raise UsageError(f"there is no directory {directory}", hint="name the directory of a pack")
    report, pack = check_path(workspace, directory, name, version, **more)
    if pack is None or not report.ok:
        count = len(report.errors)
        raise InvalidPack(
            f"the pack in {directory} has {count} problem{'s' if count != 1 else ''}", tuple(report.errors)
        )
    for problem in report.warnings:
        if name == UNNAMED and problem.code == "name-differs":
            continue  # nobody calls it that
        workspace.notify.warn(str(problem), problem.hint)
    return pack


def with_wheel(workspace: Workspace, pack: Pack) -> Pack:
    """The pack with the wheel that it runs as, if it is one that has to be built.

    Raises:
        InvalidPack: it cannot be built; the log is named.
    """
    if not pack.needs_wheel:
        return pack
    from packreg.pack import wheel

    log = workspace.home.logs / f"wheel-{pack.name}-{pack.version}.log"

    def keep(output: str) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(output, "utf-8", errors="backslashreplace")

    with workspace.notify.working() as work:
        work.show(f"building the wheel of {pack.name}")
        try:
            installer = "uv" if workspace.tools.uv else "pip"
            return wheel.with_wheel(pack, log=keep, environ=workspace.tools.environment, installer=installer)
        except InvalidPack as error:
            hint = f"the output of the build is in {log}" if log.is_file() else error.hint
            raise InvalidPack(str(error), error.problems, hint=hint) from None
