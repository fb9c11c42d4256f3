"""The options that say which resources a command judges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

_F = TypeVar("_F", bound=Callable[..., Any])


def resource_options(function: _F) -> _F:
    """The options that say what is judged; exactly one of the first four is wanted."""
    for option in reversed(
        (
            click.option("--state", metavar="FILE", help="Judge what `pulumi stack export` wrote."),
            click.option("--preview", metavar="FILE", help="Judge what `pulumi preview --json` wrote."),
            click.option("--resources", metavar="FILE", help="Judge resources in JSON Lines."),
            click.option(
                "--stack",
                metavar="STACK",
                help="Judge a stack of a self-managed backend: [ORG/]PROJECT/NAME.",
            ),
            click.option("--backend", metavar="URL", help="That backend. Default: PULUMI_BACKEND_URL."),
        )
    ):
        function = option(function)
    return function
