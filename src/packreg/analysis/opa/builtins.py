"""Calls of functions that the engine does not have: found before they are needed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache

from packreg.analysis.opa.engine import new_engine
from packreg.analysis.opa.modules import Module, calls, imports
from packreg.pack.problems import Problems

#: Written into the language itself, so that the engine does not list them.
_LANGUAGE = frozenset({"print"})


@cache
def engine_builtins() -> frozenset[str]:
    """The names of all built-in functions that the engine has."""
    answer = json.loads(new_engine().eval_query_as_json("opa.runtime().builtins"))
    return frozenset(answer["result"][0]["expressions"][0]["value"]) | _LANGUAGE


def check_calls(modules: Sequence[Module], problems: Problems) -> None:
    """Refuse calls of functions that are neither the pack's nor the engine's."""
    own = {head.name for module in modules for head in module.rules}
    package = ("data", *modules[0].package) if modules else ()
    for module in modules:
        imported = imports(module)
        said = set()
        for path, node in calls(module):
            name = ".".join(path)
            full = imported.get(path[0], ()) + path[1:] if path[0] in imported else path
            where = f"{module.path}:{node['span']['line']}"
            if full[0] == "data":
                if full[: len(package)] == package and ".".join(full[len(package) :]) in own:
                    continue
                message = f"there is no function {'.'.join(full)} in the pack"
                hint = "a pack's Rego files are all that is loaded: put the function into its package"
            elif name in own or name in engine_builtins():
                continue
            else:
                message = f"the engine has no built-in function {name}, so no policy that calls it can decide"
                hint = "write the policy without it, or run the pack with the opa analyzer of your own"
            if name not in said:
                said.add(name)
                problems.error("rego-unknown-function", message, where, hint)
