"""`docs`: a page about a pack's policies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from packreg.cli.base import command
from packreg.cli.installing import offline_option, python_option
from packreg.reports.policy_page import counted_policies, policy_page
from packreg.services.named_files import write_named
from packreg.services.pack_info import said_by
from packreg.services.pack_words import own_directory

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext


@command("docs", examples=("packreg docs ./s3-rules -o POLICIES.md", "packreg docs s3-rules@1.2.0"))
@click.argument("pack", metavar="DIR|REF")
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Write it to a file.")
@offline_option
@python_option
@click.pass_obj
def docs_command(
    context: CommandContext, pack: str, output: Path | None, offline: bool, python: str | None
) -> None:
    """Print a Markdown page about a pack's policies.

    The policies of a release are in its record. A directory, or a release that was published without them, is
    run to ask for them. A name alone is the directory, where there is one. The same pack gives the same page.
    """
    info, version, _ = said_by(context, own_directory(context, pack), offline=offline, python=python)
    page = policy_page(info, version)
    target = Path(context.cwd, output) if output is not None else None
    if target is not None:
        write_named(target, page.encode())
    if context.out.json:
        path = str(target) if target is not None else None
        context.out.document({"pack": info.shown_name, "version": version, "path": path, "page": page})
    elif target is not None:
        context.out.say(f"wrote {target}: {counted_policies(len(info.policies))}")
    else:
        for line in page.splitlines():
            context.out.line(line)
