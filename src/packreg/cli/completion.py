"""`completion`: the script for shell completion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import get_completion_class

from packreg.cli.app import packreg
from packreg.cli.base import command
from packreg.cli.completing import WholeWords
from packreg.errors import UsageError

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext


@command(
    "completion",
    json=False,
    examples=(
        'eval "$(packreg completion bash)"                                    # in ~/.bashrc',
        'eval "$(packreg completion zsh)"                                     # in ~/.zshrc',
        "packreg completion fish > ~/.config/fish/completions/packreg.fish",
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_obj
def completion_command(context: CommandContext, shell: str) -> None:
    """Print the completion script of a shell.

    It completes commands and options, and the names of packs, versions, policies, groups, stacks, accounts
    and environments that commands have read from this registry on this machine. Nothing is asked of a bucket
    while you type; `packreg list`, `group ls`, `versions NAME`, `env ls` and `findings ls` read names again.
    """
    found = WholeWords if shell == "bash" else get_completion_class(shell)
    if found is None:
        raise UsageError(f"this click cannot complete for {shell}", hint="upgrade click")
    made = found(packreg, {}, "packreg", "_PACKREG_COMPLETE")
    # `source()` of bash would start bash to ask for its version; the script itself is the same for all.
    for line in (made.source_template % made.source_vars()).splitlines():
        context.out.line(line) if line.isprintable() else context.out.line(line.replace("\t", "    "))
