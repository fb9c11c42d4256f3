"""The command `packreg`: find commands without loading them; turn failures into messages and exit codes."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import click

from packreg._version import __version__
from packreg.cli.base import CONTEXT, shared_options
from packreg.cli.commands import ALIASES, COMMANDS, help_text, overview
from packreg.cli.context import CommandContext
from packreg.cli.exits import INTERRUPTED, READER_GONE
from packreg.cli.output import ReaderGone, forget_stdout
from packreg.errors import PackregError, UsageError
from packreg.services.log import wants_json_log
from packreg.text import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from click.shell_completion import CompletionItem


class Packreg(click.Group):
    """The group of all commands, which loads the module of a command only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, without aliases."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        name = ALIASES.get(cmd_name, cmd_name)
        if name not in COMMANDS:
            return None
        module = import_module(f"packreg.cli.{COMMANDS[name].module}")
        found: click.Command = getattr(module, f"{name.replace('-', '_')}_command")
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; for an unknown one raise an error that suggests a similar name."""
        found = self.get_command(ctx, args[0])
        if found is None and not ctx.resilient_parsing:
            close = nearest(args[0], [*COMMANDS, *ALIASES])
            hint = f"did you mean `packreg {close}`?" if close else "`packreg --help` lists the commands"
            raise UsageError(f"there is no command {args[0]!r}", hint=hint)
        if found is not None and ctx.obj is not None:
            ctx.obj.out.running = found.name
        return found.name if found else None, found, args[1:]

    def get_help(self, ctx: click.Context) -> str:
        """The help, the same text that `start` prints without loading this module."""
        return help_text()

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands whose names start with `incomplete`, from `commands.COMMANDS`."""
        from click.shell_completion import CompletionItem

        found = [CompletionItem(n, help=e.help) for n, e in COMMANDS.items() if n.startswith(incomplete)]
        found += [
            CompletionItem(a, help=COMMANDS[n].help) for a, n in ALIASES.items() if a.startswith(incomplete)
        ]
        return found + [
            item for item in click.Command.shell_complete(self, ctx, incomplete) if item not in found
        ]


def _print_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(f"packreg {__version__}")
        ctx.exit(0)


@click.pass_context
def _start(ctx: click.Context) -> int | None:
    if ctx.invoked_subcommand is None:
        click.echo(overview(), err=True)
        return 2
    return None


packreg = Packreg(
    "packreg",
    callback=_start,
    invoke_without_command=True,
    context_settings=CONTEXT,
    params=[
        *shared_options(),
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_print_version,
        ),
    ],
)


def run(argv: Sequence[str]) -> int:
    """Run one command line (without the program's name) and return its exit code; never raises."""
    # gRPC would write a line to stderr for a pack that ends during a call; packreg reports that itself.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    context = CommandContext(os.environ)
    context.out.json = "--json" in argv  # also for an error that is found before the option is read
    context.out.json_log = "--log-format=json" in argv or ("--log-format", "json") in pairwise(argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal in Latin-1 gets escapes, not a UnicodeEncodeError
            stream.reconfigure(errors="backslashreplace")
    try:
        context.out.json_log |= wants_json_log(os.environ) and "--log-format" not in argv
        code: Any = packreg.main(args=list(argv), prog_name="packreg", standalone_mode=False, obj=context)
        context.out.flush()
    except Exception as error:  # noqa: BLE001 - this is where everything ends
        return _ended(context, error)
    except (KeyboardInterrupt, SystemExit) as end:
        if isinstance(end, SystemExit):  # click's answer to a reader that went away
            forget_stdout()
            return READER_GONE
        context.out.error("interrupted", "nothing half done counts; run the same command again")
        return INTERRUPTED
    finally:
        context.tell_work()
        context.close()
    return code if isinstance(code, int) else 0


def _ended(context: CommandContext, error: Exception) -> int:
    """Report the error that ended a command; returns the exit code."""
    try:
        if isinstance(error, (ReaderGone, BrokenPipeError)):
            forget_stdout()
            return READER_GONE
        if isinstance(error, PackregError):
            return context.out.failure(error, **context.done)
        if isinstance(error, click.exceptions.Abort):
            context.out.error("interrupted", "nothing half done counts; run the same command again")
            return INTERRUPTED
        if isinstance(error, click.ClickException):
            return context.out.failure(_in_our_words(error))
        return context.unexpected(error)
    except ReaderGone:
        forget_stdout()
        return READER_GONE


def _in_our_words(error: click.ClickException) -> UsageError:
    context = getattr(error, "ctx", None)
    message = error.format_message()
    place = context.command_path if context is not None else "packreg"
    return UsageError(message[:1].lower() + message[1:].rstrip("."), hint=f"see `{place} --help`")
