"""`new`, `check` and `bundle`: writing a pack, without any registry."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from packreg.cli.base import command
from packreg.cli.output import human_size
from packreg.errors import InvalidPack, UsageError

if TYPE_CHECKING:
    from packreg.cli.session import Session
    from packreg.errors import Problem
    from packreg.pack.check import Pack, Report

INVALID_PACK = InvalidPack.exit_code
#: What a pack is called whose name is known when it runs; no pack is published under it.
UNNAMED = "unnamed"

directory_argument = click.argument(
    "directory", metavar="[DIR]", default=".", type=click.Path(path_type=Path)
)
name_option = click.option("--name", help="The pack's name, where its source does not say one.")
version_option = click.option("--version", help="The pack's version, only where its manifest has none.")


@command(
    "new",
    examples=("packreg new python guard", "packreg new opa policies/limits --name limits"),
)
@click.argument("runtime", type=click.Choice(["python", "nodejs", "opa"]))
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--name", help="The pack's name (default: the directory's).")
@click.pass_obj
def new_command(session: Session, runtime: str, directory: Path, name: str | None) -> None:
    """Start a pack that passes every check.

    It comes with a version, an environment option, a README and a test. DIR must be new or empty. An opa pack
    is called like its Rego package, in which '-' becomes '_'.
    """
    from packreg.pack.template import new_pack

    place = Path(session.cwd, directory)
    chosen = new_pack(runtime, place, name or place.resolve().name)
    written = sorted(path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file())
    if session.out.json:
        session.out.document({"name": chosen, "runtime": runtime, "path": str(directory), "files": written})
        return
    for path in written:
        session.out.line(str(directory / path))
    session.out.say(f"next: packreg check {directory}")


@command("check", examples=("packreg check guard", "packreg check guard-0.1.0.tgz --json"))
@click.argument("directory", metavar="[DIR|FILE.tgz]", default=".", type=click.Path(path_type=Path))
@name_option
@version_option
@click.pass_obj
def check_command(session: Session, directory: Path, name: str | None, version: str | None) -> int:
    """Say everything that is wrong with a pack, offline.

    These are the checks of `publish`, all at once, each with its place and its fix. Exit code 0 or 7.
    """
    report, _ = check_path(session, directory, name, version, rego=True)
    if name_alone_is_unknown(report):  # which `publish` learns from the running pack
        report = replace(report, errors=(), warnings=(*report.warnings, *report.errors))
    if session.out.json:
        session.out.document(report.as_json())
    else:
        show_problems(session, report)
    return 0 if report.ok else INVALID_PACK


@command("bundle", examples=("packreg bundle guard", "packreg bundle guard -o guard.tgz --json"))
@directory_argument
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Default: NAME-VERSION.tgz"
)
@name_option
@version_option
@click.pass_obj
def bundle_command(
    session: Session, directory: Path, output: Path | None, name: str | None, version: str | None
) -> None:
    """Write a pack's bundle to a file.

    The same directory gives the same bytes, on every machine.
    """
    from packreg.cli.atomic import write_atomically
    from packreg.pack.bundle import encode

    pack = with_wheel(session, checked_pack(session, directory, name, version))
    bundle = encode(pack.files, session.limits)
    target = Path(session.cwd, output or f"{pack.name}-{pack.version}.tgz")
    write_atomically(target, bundle.data)
    if session.out.json:
        session.out.document(
            {
                "name": pack.name,
                "version": str(pack.version),
                "path": str(target),
                "digest": bundle.digest,
                "sha256": bundle.sha256,
                "size": bundle.size,
                "unpacked": bundle.unpacked,
                "members": bundle.members,
            }
        )
        return
    session.out.line(f"digest {bundle.digest}")
    session.out.line(f"sha256 {bundle.sha256}")
    session.out.say(f"wrote {target}: {bundle.members} members, {human_size(bundle.size)}")


def check_path(
    session: Session,
    path: Path,
    name: str | None,
    version: str | None,
    *,
    rego: bool = False,
    without_opa: bool = False,
) -> tuple[Report, Pack | None]:
    """Check a pack directory or the file of a bundle; with `rego` OPA packs are also checked by `opa`.

    Raises:
        InstallError: there is no `opa`; but `without_opa` that is a warning.
    """
    report, pack = _check(session, path, name, version)
    examined = pack
    if rego and name_alone_is_unknown(report):
        examined = _check(session, path, UNNAMED, version)[1]
    if not rego or examined is None or examined.runtime != "opa":
        return report, pack
    from packreg.analysis.opa.check import opa_problems
    from packreg.analysis.opa.program import WHERE
    from packreg.pack.problems import Problems

    found = Problems()
    opa = session.tools.which("opa") if without_opa else session.tools.need("opa", WHERE)
    if opa is None:
        found.warn("rego-unchecked", "the Rego files were not checked: there is no program opa", "", WHERE)
    else:
        opa_problems(examined.files, found, opa, allowed=session.settings.opa_functions)
    # the operator's own analyzer may allow them, and is what `publish` starts the pack with
    lacking = [p for p in found.errors if session.settings.opa_analyzer and p.code == "rego-unknown-function"]
    errors = [*report.errors, *(problem for problem in found.errors if problem not in lacking)]
    warnings = (*report.warnings, *found.warnings, *lacking)
    return replace(report, errors=tuple(errors), warnings=warnings), pack


def _check(session: Session, path: Path, name: str | None, version: str | None) -> tuple[Report, Pack | None]:
    from packreg.pack.check import check_bundle, check_directory

    place = Path(session.cwd, path)
    if place.is_file():
        limits = session.limits
        with place.open("rb") as file:
            data = file.read(limits.unpacked + 1)
        return check_bundle(data, name=name, version=version, limits=limits)
    if not place.is_dir():
        raise UsageError(f"there is no directory or bundle {path}", hint="name the directory of a pack")
    poetry = session.tools.which("poetry") is not None
    return check_directory(place, name=name, version=version, limits=session.limits, poetry=poetry)


def name_alone_is_unknown(report: Report) -> bool:
    """Whether nothing is wrong with a pack but that its source does not say one name."""
    return [problem.code for problem in report.errors] == ["name-unknown"]


def checked_pack(
    session: Session, directory: Path, name: str | None, version: str | None, **more: bool
) -> Pack:
    """The pack in a directory; warnings are told. `more` as in `check_path`.

    Raises:
        InvalidPack: it breaks the rules.
    """
    place = Path(session.cwd, directory)
    if not place.is_dir():
        raise UsageError(f"there is no directory {directory}", hint="name the directory of a pack")
    report, pack = check_path(session, directory, name, version, **more)
    if pack is None or not report.ok:
        count = len(report.errors)
        raise InvalidPack(
            f"the pack in {directory} has {count} problem{'s' if count != 1 else ''}", tuple(report.errors)
        )
    for problem in report.warnings:
        session.out.warn(str(problem), problem.hint)
    return pack


def with_wheel(session: Session, pack: Pack) -> Pack:
    """The pack with the wheel that it runs as, if it is one that has to be built.

    Raises:
        InvalidPack: it cannot be built; the log is named.
    """
    if not pack.needs_wheel:
        return pack
    from packreg.cli.progress import working
    from packreg.pack import wheel

    log = session.home.logs / f"wheel-{pack.name}-{pack.version}.log"

    def keep(output: str) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(output, "utf-8", errors="backslashreplace")

    with working(session.out) as work:
        work.show(f"building the wheel of {pack.name}")
        try:
            installer = "uv" if session.tools.uv else "pip"
            return wheel.with_wheel(pack, log=keep, environ=session.tools.environment, installer=installer)
        except InvalidPack as error:
            hint = f"the output of the build is in {log}" if log.is_file() else error.hint
            raise InvalidPack(str(error), error.problems, hint=hint) from None


def show_problems(session: Session, report: Report) -> None:
    """A report for people, in the form that editors recognise: `file:line:column: error: …`."""
    for kind, problems in (("error", report.errors), ("warning", report.warnings)):
        for problem in problems:
            session.out.line(_in_a_line(kind, problem))
            if problem.hint:
                session.out.line(f"  hint: {problem.hint}")
    if report.ok:
        name = report.name or "(named when it runs)"
        session.out.line(f"ok: {name} {report.version} ({report.runtime}), {report.files} files")
    else:
        from packreg.enforcement.report import counted

        wrong, doubtful = counted(len(report.errors), "error"), counted(len(report.warnings), "warning")
        session.out.line(f"refused: {wrong}, {doubtful}")


def _in_a_line(kind: str, problem: Problem) -> str:
    place = f"{problem.where}: " if problem.where else ""
    return f"{place}{kind}: {problem.message} [{problem.code}]"
