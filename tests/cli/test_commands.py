"""Which commands there are, and help that loads none of them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import click

from packreg.cli.app import packreg
from tests.cli.conftest import User
from tests.cli.test_start import loaded_by


def test_help_and_list_load_no_click(user: User) -> None:
    """`--help` and `list` of a local registry are answered from tables and a listing alone."""
    user.publish("guard", "1.2.0")
    for words in (["--help"], ["list"], ["list", "--json"]):
        loaded = loaded_by(user, *words)
        assert not loaded & {"click", "pathlib", "packreg.registry.registry", "boto3", "rich"}
    assert loaded_by(user, "versions", "guard") >= {"click", "packreg.registry.registry"}


def test_help_is_the_same_both_ways(user: User) -> None:
    """The help that is printed without click is the help that click prints."""
    quick = user.must("--help").out
    assert user.must("-v", "--help").out == quick


def all_commands(found: click.Command = packreg) -> Iterator[click.Command]:
    """Every command and group of commands."""
    yield found
    if isinstance(found, click.Group):
        context = click.Context(found)
        for name in found.list_commands(context):
            below = found.get_command(context, name)
            assert below is not None
            yield from all_commands(below)


def test_a_letter_means_one_thing() -> None:
    """Every option of one letter has the same long name and the same kind of value in all commands."""
    meanings = defaultdict(set)
    options = (param for found in all_commands() for param in found.params)
    for option in (param for param in options if isinstance(param, click.Option)):
        kind = "flag" if option.is_flag else option.metavar
        for letter in (name for name in option.opts if re.fullmatch("-.", name)):
            meanings[letter].add((*(name for name in option.opts if name != letter), kind))
    assert all(len(found) == 1 for found in meanings.values()), meanings
    assert meanings["-o"] == {("--output", "FILE")}


def test_list_and_ls_are_the_same() -> None:
    """Wherever one of them is a command, the other one is too."""
    listing = [found for found in all_commands() if isinstance(found, click.Group)]
    both = [[found.get_command(click.Context(found), word) for word in ("ls", "list")] for found in listing]
    assert all(ls is listed for ls, listed in both) and sum(ls is not None for ls, _ in both) >= 6
