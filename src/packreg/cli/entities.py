"""The options that name an entity for governance: a stack, or an account, with its tags."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from packreg.errors import UsageError
from packreg.groups.entities import account_entity, read_tags, stack_entity

if TYPE_CHECKING:
    from packreg.groups.model import Entity

_F = TypeVar("_F", bound=Callable[..., Any])


def entity_options(function: _F) -> _F:
    """Add the argument for a stack, and the options for an account and for tags."""
    for option in reversed(
        (
            click.argument("stack", metavar="[STACK]", required=False),
            click.option("--account", metavar="ACCOUNT", help="A cloud account, instead of a stack."),
            tag_option,
        )
    ):
        function = option(function)
    return function


tag_option = click.option(
    "--tag", "tags", metavar="NAME=VALUE", multiple=True, help="A tag that it has, for groups with tag rules."
)


def read_entity(stack: str | None, account: str | None, tags: Sequence[str]) -> Entity:
    """The entity that is meant.

    Raises:
        UsageError: not exactly one was named, or a name or a tag is not valid.
    """
    if (stack is None) == (account is None):
        raise UsageError("name one stack or one account", hint="give PROJECT/STACK, or --account NAME")
    if account is not None:
        return account_entity(account, read_tags(tags))
    assert stack is not None
    return stack_entity(stack, read_tags(tags))
