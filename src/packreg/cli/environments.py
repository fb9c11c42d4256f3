"""`env`: the environments of the registry."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from packreg.cli.base import CommandGroup, command
from packreg.cli.editor import TextToEdit
from packreg.cli.output import json_text
from packreg.environments.document import MAX_DOCUMENT
from packreg.errors import PackregError, UsageError
from packreg.files import read_file
from packreg.services.environment_revisions import (
    compare_environments,
    environment_history,
    list_environments,
    read_environment,
    remove_environment,
    tag_environment,
)
from packreg.services.environments import (
    EnvironmentResolver,
    opened_json,
    revision_json,
    set_environment,
    with_value,
)

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext

STDIN = "-"
MAX_VALUE = 2**20  # bytes
#: What `env edit` shows where there is no environment yet.
NEW_ENVIRONMENT = b"""\
# An environment, as in Pulumi ESC: what policy packs are configured with, variables, secrets.
values:
  policyConfig: {}
  environmentVariables: {}
"""


@click.group(
    "env",
    cls=CommandGroup,
    invoke_without_command=True,
    examples=(
        "packreg env set prod prod.yaml",
        "packreg env open prod@stable",
        "packreg env tag prod@3 stable",
    ),
)
@click.pass_context
def env_command(click_context: click.Context) -> int | None:
    """Manage environments: configuration, variables, secrets.

    An environment is a definition in the language of Pulumi ESC, in numbered revisions that never change.
    `prod` is the newest one, `prod@3` the third, `prod@stable` the one that the tag `stable` names.
    """
    if click_context.invoked_subcommand is not None:
        return None
    click.echo(click_context.get_help(), err=True)
    return UsageError.exit_code


@command(
    "set",
    group=env_command,
    examples=(
        "packreg env set prod prod.yaml",
        "packreg env set prod policyConfig.regions.allowed '[eu-west-1]'",
        "packreg env set prod environmentVariables.TOKEN - --secret < token.txt",
    ),
)
@click.argument("name", metavar="NAME")
@click.argument("what", metavar="FILE|PATH")
@click.argument("value", metavar="[VALUE]", required=False)
@click.option("--secret", is_flag=True, help="The value is a secret text; it is encrypted.")
@click.option("--string", is_flag=True, help="Take the value as a text, where it is read as YAML otherwise.")
@click.option(
    "--on", "on", metavar="REV", type=int, help="Only if the newest revision has this number (0: none)."
)
@click.pass_obj
def set_command(
    context: CommandContext,
    name: str,
    what: str,
    value: str | None,
    secret: bool,
    string: bool,
    on: int | None,
) -> None:
    """Set the definition of an environment from a FILE, or one value of it at a PATH.

    Secrets (`fn::secret: text`) are encrypted before anything is stored. `-` reads the definition, or the
    value, from stdin. Setting the same definition again adds no revision.
    """
    if value is None and (secret or string):
        raise UsageError("--secret and --string are for one value", hint="write NAME PATH VALUE")

    def define(kept: bytes | None) -> bytes:
        if value is None:
            return _definition(context, what)
        given = _stdin(MAX_VALUE).decode("utf-8", "replace").removesuffix("\n") if value == STDIN else value
        return with_value(name, kept, what, given, secret=secret, string=string)

    done = set_environment(context, name, define, on=on)
    if context.out.json:
        context.out.document(done.as_json())
    else:
        context.out.line(f"{done.revision} {'is already set' if done.unchanged else 'is set'}")


@command("edit", group=env_command, examples=("packreg env edit prod", "EDITOR=nano packreg env edit prod"))
@click.argument("name", metavar="NAME")
@click.pass_obj
def edit_command(context: CommandContext, name: str) -> None:
    """Edit the definition of an environment in $VISUAL or $EDITOR, and set it.

    Secrets are shown encrypted, and stay as they are unless they are changed; new ones (`fn::secret: text`)
    are encrypted before anything is stored. What cannot be set is kept in its file. Where somebody else set
    the environment meanwhile, the exit code is 12.
    """
    file, shown = TextToEdit(context, MAX_DOCUMENT), NEW_ENVIRONMENT

    def define(kept: bytes | None) -> bytes:
        nonlocal shown
        shown = NEW_ENVIRONMENT if kept is None else kept
        text = file.edit(shown)
        if kept is None and text == shown:
            raise UsageError(f"nothing was written, and there is no environment {name}")
        return text

    try:
        done = set_environment(context, name, define)
    except PackregError as error:
        if written := file.kept(shown):
            error.hint = f"what you wrote is in {written}; mend it, then `packreg env set {name} {written}`"
        raise
    file.remove()
    if context.out.json:
        context.out.document(done.as_json())
    else:
        context.out.line(f"{done.revision} {'is already set' if done.unchanged else 'is set'}")


@command("get", group=env_command, examples=("packreg env get prod", "packreg env get prod@3 > prod.yaml"))
@click.argument("reference", metavar="NAME[@REV|@TAG]")
@click.pass_obj
def get_command(context: CommandContext, reference: str) -> None:
    """Print the definition of an environment, its secrets encrypted.

    What is printed can be edited and set again; secrets that stay as they are need no key for that.
    """
    revision = read_environment(context, reference)
    text = revision.text.decode()
    if context.out.json:
        context.out.document({**revision_json(revision), "definition": text})
    else:
        context.out.patch(text.removesuffix("\n").split("\n"))


@command(
    "open",
    group=env_command,
    examples=("packreg env open prod", "packreg env open prod@stable --show-secrets"),
)
@click.argument("references", metavar="REF...", nargs=-1, required=True)
@click.option("--show-secrets", is_flag=True, help="Print secrets in the clear.")
@click.pass_obj
def open_command(context: CommandContext, references: tuple[str, ...], show_secrets: bool) -> None:
    """Evaluate environments, and print their values as JSON.

    Several are merged, as for a policy pack; later ones override earlier ones.
    """
    opened = EnvironmentResolver(context).open(references)
    document = opened_json(opened, show_secrets=show_secrets)
    for problem in opened.warnings:
        context.out.warn(str(problem), problem.hint)
    if context.out.json:
        context.out.document(document)
    else:
        context.out.patch(json_text(document["values"]).split("\n"))


@command("diff", group=env_command, examples=("packreg env diff prod@2 prod@3", "packreg env diff prod"))
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="[NEW]", required=False)
@click.pass_obj
def diff_command(context: CommandContext, old: str, new: str | None) -> None:
    """Compare the definitions of two revisions; with one, compare it with the revision before.

    Secrets are compared in encrypted form: a secret that was set again differs, whatever its text.
    """
    found = compare_environments(context, old, new)
    if context.out.json:
        context.out.document(found.as_json())
    else:
        context.out.patch(found.lines)


@command("ls", group=env_command, examples=("packreg env ls", "packreg env ls --all --json"))
@click.option("--all", "removed", is_flag=True, help="Also those that were removed.")
@click.pass_obj
def ls_command(context: CommandContext, removed: bool) -> None:
    """List the environments, with the newest revision of each."""
    shown = list_environments(context, removed=removed)
    if context.out.json:
        context.out.document([revision_json(each) for each in shown])
        return
    rows = [[each.name, each.number, each.at, each.by, "removed" if each.removed else ""] for each in shown]
    context.out.table(["name", "revision", "at", "by", "state"], rows)
    if not rows:
        context.out.say("there are no environments")


@command(
    "history", group=env_command, examples=("packreg env history prod", "packreg env history prod --json")
)
@click.argument("name", metavar="NAME")
@click.pass_obj
def history_command(context: CommandContext, name: str) -> None:
    """List the revisions of an environment, the newest first, with their tags."""
    found = environment_history(context, name)
    if context.out.json:
        context.out.document([each.as_json() for each in found])
        return
    context.out.table(
        ["revision", "at", "by", "tags", "state"],
        [
            [r.number, r.at, r.by, ", ".join(tags), f"removed: {r.removed}" if r.removed else ""]
            for r, tags in found
        ],
    )


@command(
    "tag",
    group=env_command,
    examples=("packreg env tag prod@3 stable", "packreg env tag prod old --delete"),
)
@click.argument("reference", metavar="NAME[@REV|@TAG]")
@click.argument("tag", metavar="TAG")
@click.option("--delete", is_flag=True, help="Drop the tag.")
@click.pass_obj
def tag_command(context: CommandContext, reference: str, tag: str, delete: bool) -> None:
    """Let a tag name a revision, or move it there; without @REV the newest one."""
    moved = tag_environment(context, reference, tag, delete=delete)
    name, _, number, before = moved
    if context.out.json:
        context.out.document(moved.as_json())
    elif delete:
        context.out.line(f"{name}@{tag} is dropped; it named {name}@{before}")
    else:
        was = f"; it was {name}@{before}" if before not in (0, number) else ""
        context.out.line(f"{name}@{tag} is {name}@{number}{was}")


@command("rm", group=env_command, examples=("packreg env rm prod --reason 'nobody uses it' --yes",))
@click.argument("name", metavar="NAME")
@click.option("--reason", default="", help="Why; shown to everybody who asks for it.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.pass_obj
def rm_command(context: CommandContext, name: str, reason: str, yes: bool) -> None:
    """Remove an environment; its revisions stay, under their numbers, for what refers to them.

    Until it is set again, its name and its tags refer to nothing.
    """
    removed = remove_environment(context, name, reason, yes=yes)
    if context.out.json:
        context.out.document(revision_json(removed))
    else:
        context.out.line(f"{name} is removed: {removed.removed}")


def _definition(context: CommandContext, path: str) -> bytes:
    """The content of a file, or of stdin for `-`. Raises UsageError if it cannot be read."""
    if path == STDIN:
        return _stdin(MAX_DOCUMENT + 1)
    try:
        return read_file(Path(context.cwd, path), MAX_DOCUMENT, beginning=True)
    except OSError as error:
        raise UsageError(
            f"the definition {path!r} cannot be read: {error.strerror}",
            hint="write NAME FILE, or NAME PATH VALUE to set one value",
        ) from None


def _stdin(most: int) -> bytes:
    return sys.stdin.buffer.read(most)
