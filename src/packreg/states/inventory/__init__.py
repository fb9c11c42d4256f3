"""What a cloud account holds, also what no stack manages, as a list of resources that packs can judge.

An inventory is anything that gives resources in the form of a resource list (`states.resources`): a program
that prints JSON Lines, or a class here with the shape of `Inventory`. `aws` is one, through Cloud Control.

Decisions:

* Resources are named and shaped as Pulumi's native provider of that cloud would read them, since policies are
  written for those; what the account's own address is (region, account) goes into the URN.
* What could not be read is counted and said (`unread`): an inventory with a gap is no clean account. What a
  cloud cannot list at all (`unlistable`) is no fault of this account, and is said too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from packreg.errors import Problem


class Inventory(Protocol):
    """The resources of one account. `unread` and `unlistable` are complete when `resources` has ended."""

    unread: list[Problem]
    unlistable: list[str]

    def resources(self) -> Iterator[dict[str, Any]]:
        """Each resource as a line of a resource list, in an order that is the same every time."""
