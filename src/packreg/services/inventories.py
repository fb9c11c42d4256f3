"""What a cloud account or a cluster holds is listed, for `analyze` and `audit` to judge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from packreg.services.named_files import write_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from packreg.errors import Problem
    from packreg.services.workspace import Workspace
    from packreg.states.inventory import Inventory


class AccountList(NamedTuple):
    """The resources of an account, and what is not among them; `unnamed` are, under a type for anything."""

    resources: list[dict[str, Any]]
    unread: list[Problem]
    unlistable: list[str]
    unnamed: list[str]


def list_account(
    workspace: Workspace, open_inventory: Callable[[Callable[[str], None]], Inventory], output: str | None
) -> AccountList:
    """List an account, and write the list to the file `output` when it is complete.

    `open_inventory` is given what shows the progress.

    Raises:
        UsageError: the file cannot be written.
        PackregError: as the inventory.
    """
    with workspace.notify.working() as work:
        inventory = open_inventory(work.show)
        resources = list(inventory.resources())
    if output is not None:
        lines = "".join(f"{json.dumps(resource, sort_keys=True)}\n" for resource in resources)
        write_named(Path(workspace.cwd, output), lines.encode("ascii"))
    return AccountList(resources, inventory.unread, inventory.unlistable, inventory.unnamed)
