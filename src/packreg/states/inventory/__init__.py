"""The resources of a cloud account, also those that no stack manages, as a list that packs can judge.

An inventory is anything that gives resources in the form of a resource list (`states.resources`): a program
that prints JSON Lines, or a class here that implements `Inventory`: `aws` asks Cloud Control, `azure`
Resource Graph, `google` Asset Inventory, `kubernetes` the API of a cluster.

Decisions:

* Resources have the types and properties that Pulumi's native provider of that cloud would read, since
  policies are written for those. Region and account go into the URN.
* Resources that could not be read are reported in `unread`: an account is not clean if part of it was not
  seen. Types that the cloud cannot list at all are reported in `unlistable`; they are no fault of the
  account. Types for which the provider has no name are listed under its type for anything, and reported in
  `unnamed`.
* Each cloud's own client logs in, as the operator's other tools do; no file of a project has a say. What
  throttles is waited for; what was lost on the way is asked for again, and then a gap.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from packreg.errors import Problem


class Inventory(Protocol):
    """The resources of one account. What was not seen or named is complete when `resources` has ended."""

    unread: list[Problem]
    unlistable: list[str]
    unnamed: list[str]

    def resources(self) -> Iterator[dict[str, Any]]:
        """Each resource as an object of a resource list, always in the same order."""
