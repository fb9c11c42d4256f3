"""Which npm scopes have their own registry in the operator's npm configuration; no pack's .npmrc counts."""

from __future__ import annotations

import json
from collections.abc import Collection

from packreg.errors import InstallError
from packreg.install.tools import Tools
from packreg.text import one_line


def configured_scopes(scopes: Collection[str], tools: Tools) -> set[str] | None:
    """Those of `scopes` (such as `@acme`) for which npm has a registry of their own; None without npm.

    Raises:
        InstallError: npm fails, or its configuration cannot be read.
    """
    npm = tools.which("npm")
    if npm is None:
        return None
    output = tools.run([npm, "config", "list", "--json"], "say its configuration")
    try:
        said = json.loads(output)
        keys = {str(key).lower() for key, value in said.items() if value}
    except (ValueError, AttributeError) as error:
        raise InstallError(f"npm did not say its configuration: {one_line(str(error), 200)}") from error
    return {scope for scope in scopes if f"{scope.lower()}:registry" in keys}
