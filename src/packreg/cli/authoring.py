"""`new`, `check` and `bundle`: writing a pack, without any registry."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from packreg.cli.base import command
from packreg.errors import InvalidPack, UsageError
from packreg.pack.bundle import encode
from packreg.pack.template import TEMPLATES, new_pack
from packreg.reports.report import counted
from packreg.services.check import check_path, checked_pack, with_wheel
from packreg.services.named_files import write_named
from packreg.services.pack_words import is_directory
from packreg.text import human_size

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext
    from packreg.errors import Problem
    from packreg.pack.check import PackReport

INVALID_PACK = InvalidPack.exit_code

directory_argument = click.argument(
    "directory", metavar="[DIR]", default=".", type=click.Path(path_type=Path)
)
name_option = click.option("--name", help="The pack's name, where its source does not say one.")
version_option = click.option("--version", help="The pack's version, only where its manifest has none.")


@command(
    "new",
    examples=(
        "packreg new python s3-rules",
        "packreg new opa policies/limits --name limits",
        "packreg new --template aws-required-tags tags",
        "packreg new --templates",
    ),
)
@click.argument("words", metavar="[python|nodejs|typescript|opa] DIR", nargs=-1)
@click.option("--template", metavar="NAME", help="Start from a pack that people often need.")
@click.option("--templates", "show", is_flag=True, help="List the templates, and write nothing.")
@click.option("--name", help="The pack's name (default: the directory's).")
@click.pass_obj
def new_command(
    context: CommandContext, words: tuple[str, ...], template: str | None, show: bool, name: str | None
) -> None:
    """Start a pack that passes every check.

    It comes with a version, an environment option, a README and test cases. DIR must be new or empty. The
    name of an opa pack is that of its Rego package, in which '-' becomes '_'.
    """
    if show:
        rows = [[each, found.language, found.description] for each, found in TEMPLATES.items()]
        if context.out.json:
            keys = ("template", "language", "description")
            context.out.document([dict(zip(keys, row, strict=True)) for row in rows])
        else:
            context.out.table(["template", "language", "what its pack does"], rows)
        return
    if len(words) != (1 if template else 2):
        raise UsageError(
            "a template says its language: name one directory"
            if template
            else "name a language and a directory",
            hint="write `packreg new python DIR`, or `packreg new --template NAME DIR`",
        )
    chosen, directory = template or words[0], words[-1]
    place = Path(context.cwd, directory)
    named = new_pack(chosen, place, name or place.resolve().name)
    written = sorted(path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file())
    if context.out.json:
        runtime = TEMPLATES[chosen].runtime
        document = {
            "name": named,
            "template": chosen,
            "runtime": runtime,
            "path": directory,
            "files": written,
        }
        context.out.document(document)
        return
    for path in written:
        context.out.line(str(Path(directory) / path))
    word = shlex.quote(directory)
    tried = f"packreg test {word if is_directory(word) else f'./{word}'}"
    context.out.say(
        f"next: {tried}" if TEMPLATES[chosen].runtime == "opa" else f"next: packreg dev {word} && {tried}"
    )


@command("check", examples=("packreg check s3-rules", "packreg check s3-rules-0.1.0.tgz --json"))
@click.argument("directory", metavar="[DIR|FILE.tgz]", default=".", type=click.Path(path_type=Path))
@name_option
@version_option
@click.pass_obj
def check_command(context: CommandContext, directory: Path, name: str | None, version: str | None) -> int:
    """List everything that is wrong with a pack, offline.

    These are the checks of `publish`, all at once, each with its place and its fix. Exit code 0 or 7.
    """
    report, _ = check_path(context, directory, name, version, loadable=True)
    unknown = [problem for problem in report.errors if problem.code == "name-unknown"]
    if unknown:  # no error here: `publish` gets the name from the running pack
        known = tuple(problem for problem in report.errors if problem not in unknown)
        report = replace(report, errors=known, warnings=(*report.warnings, *unknown))
    if context.out.json:
        context.out.document(report.as_json())
    else:
        show_problems(context, report)
    return 0 if report.ok else INVALID_PACK


@command("bundle", examples=("packreg bundle s3-rules", "packreg bundle s3-rules -o s3-rules.tgz --json"))
@directory_argument
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Default: NAME-VERSION.tgz"
)
@name_option
@version_option
@click.pass_obj
def bundle_command(
    context: CommandContext, directory: Path, output: Path | None, name: str | None, version: str | None
) -> None:
    """Write a pack's bundle to a file.

    The same directory gives the same bytes, on every machine.
    """
    pack = with_wheel(context, checked_pack(context, directory, name, version))
    bundle = encode(pack.files, context.limits)
    target = Path(context.cwd, output or f"{pack.name}-{pack.version}.tgz")
    write_named(target, bundle.data)
    if context.out.json:
        context.out.document(
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
    context.out.line(f"digest {bundle.digest}")
    context.out.line(f"sha256 {bundle.sha256}")
    context.out.say(f"wrote {target}: {bundle.members} files, {human_size(bundle.size)}")


def show_problems(context: CommandContext, report: PackReport) -> None:
    """Print a report in the form that editors recognise: `file:line:column: error: …`."""
    for kind, problems in (("error", report.errors), ("warning", report.warnings)):
        for problem in problems:
            context.out.line(_in_a_line(kind, problem))
            if problem.hint:
                context.out.line(f"  hint: {problem.hint}")
    if report.ok:
        name = report.name or "(named when it runs)"
        context.out.line(f"ok: {name} {report.version} ({report.runtime}), {report.files} files")
    else:
        wrong, doubtful = counted(len(report.errors), "error"), counted(len(report.warnings), "warning")
        context.out.line(f"refused: {wrong}, {doubtful}")


def _in_a_line(kind: str, problem: Problem) -> str:
    place = f"{problem.where}: " if problem.where else ""
    return f"{place}{kind}: {problem.message} [{problem.code}]"
