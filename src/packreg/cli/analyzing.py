"""`analyze`: packs judge the resources of a state, a preview, a list or a stack; nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from packreg._version import __version__
from packreg.analyzer.findings import told_apart
from packreg.cli.base import command
from packreg.cli.installing import offline_option, python_option
from packreg.cli.report_output import EXIT_CODES, FORMATS, report_options, target_of, write_report
from packreg.configuration.file import MAX_FILE, read_layer
from packreg.enforcement.hidden import unread, with_names
from packreg.errors import Problem, UsageError
from packreg.files import read_file
from packreg.reports.report import Report
from packreg.services.pack_programs import configured, program_of, ready_packs
from packreg.services.resources import read_judged

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext
    from packreg.configuration.file import Layer
    from packreg.services.pack_programs import Ready


@command(
    "analyze",
    examples=(
        "packreg analyze s3-rules@1.2.0 --state state.json",
        "packreg analyze ./s3-rules limits@^2 --preview preview.json --config limits=limits.json",
        "packreg analyze s3-rules --stack shop/prod --backend s3://states --fail-on advisory --format sarif",
    ),
)
@click.argument("packs", metavar="REF|DIR...", nargs=-1, required=True)
@click.option("--state", metavar="FILE", help="Judge what `pulumi stack export` wrote.")
@click.option("--preview", metavar="FILE", help="Judge what `pulumi preview --json` wrote.")
@click.option("--resources", metavar="FILE", help="Judge resources in JSON Lines.")
@click.option("--stack", metavar="STACK", help="Judge a stack of a self-managed backend: [ORG/]PROJECT/NAME.")
@click.option(
    "--backend",
    metavar="URL",
    help="That backend. Default: PULUMI_BACKEND_URL, the project's, that of `pulumi login`.",
)
@click.option(
    "--config",
    metavar="[PACK=]FILE",
    multiple=True,
    help="Configure all packs, or one. Later files are stronger.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["advisory", "mandatory", "never"]),
    default="mandatory",
    show_default=True,
    help="The level of violations that exit code 3 means.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes of each pack; for packs that remember nothing between resources.",
)
@report_options(*FORMATS)
@offline_option
@python_option
@click.pass_obj
def analyze_command(
    context: CommandContext,
    packs: tuple[str, ...],
    config: tuple[str, ...],
    fail_on: str,
    workers: int,
    form: str | None,
    output: str | None,
    offline: bool,
    python: str | None,
    state: str | None,
    preview: str | None,
    resources: str | None,
    stack: str | None,
    backend: str | None,
) -> int:
    """Judge resources by policy packs.

    Releases are installed if needed; a directory is written with a slash (./s3-rules) or as a dot, and a name
    that may be both is refused. Exit code 3: there are violations at the level of --fail-on. Exit code 4:
    something could not be evaluated.
    """
    from packreg.analyzer.pool import Pool

    target = target_of(context, form, output, FORMATS)
    names = list(dict.fromkeys(packs))
    layers = read_layers(context, config)
    found = read_judged(
        context, state=state, preview=preview, resources=resources, stack=stack, backend=backend
    )
    ready = ready_packs(context, names, offline=offline, python=python)
    _check_names(layers, ready)
    warnings: list[Problem] = []
    programs = [program_of(context, pack, found.stack) for pack in ready]
    with Pool(keep=0) as pool:
        pool.start_ahead(program for program in programs for _ in range(workers))
        # these imports take long; the packs started above load meanwhile
        from packreg.analyzer.evaluation import PackToRun, evaluate

        running = [
            PackToRun(
                program,
                configured([layer for name, layer in layers if name in ("", pack.name)], warnings),
                pack.version,
                pack.name if pack.digest else "",  # a directory has no release: use the pack's own name
            )
            for program, pack in zip(programs, ready, strict=True)
        ]
        evaluation = evaluate(found.snapshot, running, pool=pool, workers=workers)
    evaluation = replace(evaluation, packs=told_apart(evaluation.packs, names))
    hidden = unread(evaluation, found.snapshot.hidden)
    notes = [note._replace(where=found.where) for note in with_names(found.snapshot.notes, hidden)]
    report = Report(
        evaluation,
        found.where,
        cast("Any", fail_on),
        (*notes, *sorted(set(warnings))),
        found.snapshot.stack,
        found.snapshot.project,
        __version__,
        hidden=hidden,
    )
    write_report(context, report, target)
    return EXIT_CODES[report.verdict]


def read_layers(context: CommandContext, config: Sequence[str]) -> list[tuple[str, Layer]]:
    """The configuration files, each with the name of the pack it is for, "" for all.

    Raises:
        UsageError: there is no such file.
        InvalidConfiguration: a file is not a valid configuration.
    """
    layers = []
    for word in config:
        name, separator, path = word.partition("=")
        if not separator or "/" in name or Path(context.cwd, word).is_file():
            name, path = "", word
        try:
            data = read_file(Path(context.cwd, path), MAX_FILE, beginning=True)
        except OSError as error:
            raise UsageError(
                f"the configuration {path!r} cannot be read: {error.strerror}",
                hint="write --config FILE, or --config PACK=FILE",
            ) from None
        layers.append((name, read_layer(data, path)))
    return layers


def _check_names(layers: Sequence[tuple[str, Layer]], packs: Sequence[Ready]) -> None:
    names = [pack.name for pack in packs]
    for name, layer in layers:
        if name and name not in names:
            raise UsageError(
                f"--config {name}={layer.where} is for a pack that is not analyzed",
                hint=f"the packs are {', '.join(names)}",
            )
        for environment in layer.environments:
            raise UsageError(
                f"{layer.where} names the environment {environment!r}, which only a registry can resolve",
                hint="leave `environments` out of the file",
            )
