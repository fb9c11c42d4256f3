"""What every command is made of: the options they share, their examples, and the pack reference as a type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from packreg.cli.completing import complete_by_metavar, seen_items
from packreg.pack.reference import Reference
from packreg.pack.version import pack_name
from packreg.services.log import LOG_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from click.shell_completion import CompletionItem

    from packreg.cli.context import CommandContext
    from packreg.services.seen_words import Kind

#: What a Pulumi organization may be called, before the name of a pack.
_ORGANIZATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*/[^/]+\Z")
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class PackregCommand(click.Command):
    """A command with examples and the shared options, which may also follow the command's name."""

    def __init__(self, *args: Any, examples: tuple[str, ...] = (), json: bool = True, **kwargs: Any) -> None:
        kwargs["params"] = [*(kwargs.get("params") or []), *shared_options(json=json)]
        kwargs["context_settings"] = {**CONTEXT, **(kwargs.get("context_settings") or {})}
        super().__init__(*args, **kwargs)
        self.examples = examples

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The parameters; where a shell completes words, with the types that know which."""
        found = super().get_params(ctx)
        if ctx.resilient_parsing:
            complete_by_metavar(ctx, found)
        return found

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        write_examples(self.examples, formatter)


class CommandGroup(click.Group):
    """A command with subcommands and examples; without a subcommand it prints its help. `list` means `ls`."""

    def __init__(self, *args: Any, examples: tuple[str, ...] = (), **kwargs: Any) -> None:
        kwargs["params"] = [*(kwargs.get("params") or []), *shared_options()]
        super().__init__(*args, context_settings=CONTEXT, **kwargs)
        self.examples = examples

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the subcommand; without any argument print the help."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help())
            ctx.exit(0)
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand of this name; `list` also finds `ls`."""
        other = {"list": "ls", "ls": "list"}.get(cmd_name, cmd_name)
        return super().get_command(ctx, cmd_name) or super().get_command(ctx, other)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        write_examples(self.examples, formatter)


def write_examples(examples: tuple[str, ...], formatter: click.HelpFormatter) -> None:
    """Write the examples of a command, each on a line of its own that can be copied."""
    with formatter.section("Examples"):
        for example in examples:
            formatter.write(f"{'':>{formatter.current_indent}}$ {example}\n")


def command(
    name: str,
    *,
    examples: tuple[str, ...],
    json: bool = True,
    group: click.Group | None = None,
    context: dict[str, Any] | None = None,
) -> Callable[[Callable[..., Any]], PackregCommand]:
    """Make a function a command.

    `json=False` is for the few commands that print no data; `context` are context settings of click.
    """
    decorate = click.command(name, cls=PackregCommand, examples=examples, json=json, context_settings=context)

    def wrap(function: Callable[..., Any]) -> PackregCommand:
        made = decorate(function)
        if group is not None:
            group.add_command(made)
        return made

    return wrap


def shared_options(*, json: bool = True) -> list[click.Option]:
    """The options that every command takes, before its name and after it."""
    options = [
        click.Option(
            ["--registry"],
            metavar="URL",
            help="The registry: a directory, or an s3://, gs:// or azblob:// URL.",
            expose_value=False,
            callback=_remember_registry,
        ),
        click.Option(
            ["--quiet", "-q"], is_flag=True, help="Say less.", expose_value=False, callback=_remember_flag
        ),
        click.Option(
            ["--verbose", "-v"], is_flag=True, help="Say more.", expose_value=False, callback=_remember_flag
        ),
    ]
    options.append(
        click.Option(
            ["--log-format"],
            type=click.Choice(LOG_FORMATS),
            help="Messages on stderr as text or as lines of JSON.",
            expose_value=False,
            callback=_remember_log_format,
        )
    )
    if json:
        options.insert(
            1,
            click.Option(
                ["--json"], is_flag=True, help="Print JSON.", expose_value=False, callback=_remember_flag
            ),
        )
    return options


def _remember_flag(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    context: CommandContext | None = ctx.obj
    if value and context is not None and param.name:
        setattr(context.out, param.name, True)


def _remember_log_format(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    context: CommandContext | None = ctx.obj
    if value is not None and context is not None:
        context.out.json_log = value == "json"


def remember_format(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """The callback of a `--format`, and of the older `--output json`: errors are printed as JSON too then."""
    context: CommandContext | None = ctx.obj
    if context is not None and value == "json":
        context.out.json = True
    return value


def _remember_registry(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    context: CommandContext | None = ctx.obj
    if value is not None and context is not None:
        context.registry_option = value


class _Words(click.Choice):  # type: ignore[type-arg, unused-ignore]
    """Words separated by commas, each of which is one of the choices."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The words as a tuple. Raises click.BadParameter if one is none of the choices."""
        return tuple(super(_Words, self).convert(word.strip(), param, ctx) for word in value.split(","))


def several_option(*names: str, choices: Sequence[str], help: str) -> Callable[..., Any]:
    """An option whose value is one or more of `choices`: separated by commas, or given several times."""
    return click.option(
        *names,
        type=_Words(choices),
        multiple=True,
        callback=lambda ctx, param, value: tuple(word for words in value for word in words),
        help=help,
    )


class ReferenceType(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """A pack reference on the command line; the shell completes the names of a local registry.

    With `organization` it may be ORGANIZATION/PACK, as the Pulumi CLI names packs. A registry has no
    organizations, so that part does not count.
    """

    name = "reference"
    kinds: tuple[Kind, ...] = ("pack", "release")

    def __init__(self, *, organization: bool = False) -> None:
        self.organization = organization

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read the reference. Raises packreg's `UsageError`, which `app.run` reports, not one of click's."""
        return value if isinstance(value, Reference) else Reference.parse(self.without_organization(value))

    def without_organization(self, text: str) -> str:
        """The text behind an organization, where there may be one."""
        name = text.partition("/")[2] if self.organization and _ORGANIZATION.match(text) else ""
        return name or text

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The packs, and behind an @ the versions, that were seen and start with `incomplete`."""
        return seen_items(ctx, incomplete, self.kinds)


REFERENCE = ReferenceType()


class WrittenType(ReferenceType):
    """A pack reference, checked and kept as text: for some commands a name alone does not mean `latest`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check the reference, and return its text."""
        super().convert(value, param, ctx)
        return self.without_organization(str(value))


WRITTEN = WrittenType()
#: A reference, with the organization that the Pulumi CLI wants before it.
PULUMIS = WrittenType(organization=True)


def with_version(text: str, version: str | None) -> str:
    """A reference of which the version may be a word of its own, as in the Pulumi CLI. Raises UsageError."""
    return text if version is None else str(WRITTEN.convert(f"{text}@{version}", None, None))


class NameType(ReferenceType):
    """The name of a pack on the command line."""

    name = "name"
    kinds = ("pack",)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check the name, and return it in lower case."""
        return pack_name(self.without_organization(value))


NAME = NameType()
