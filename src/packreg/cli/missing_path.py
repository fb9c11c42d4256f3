"""What `packreg path` and `packreg guard` print when they fail: a path that cannot exist.

`pulumi preview --policy-pack "$(packreg path rules@1.2.0)"` throws the exit code of `packreg path` away, and
the Pulumi CLI ignores an empty `--policy-pack` and runs without the pack (measured with 3.259.0). Given a
directory that is not there it stops. So a failure prints one that names what was wanted. The same holds for
`export PULUMI_OPTION_POLICY_PACK="$(packreg guard)"`.
"""
# ruff: noqa: PTH118 (pathlib costs start-up time)

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

#: The directory that never exists; beside it the ids of registries have twelve hex digits.
MISSING = "could-not-install"
MOST = 100
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@^~")
#: Options whose value is the next word.
_WITH_VALUE = ("--registry", "--python")


def wanted_path(argv: Sequence[str]) -> str | None:
    """The reference of a `path` command line as it was typed, perhaps empty, or "guard" for a `guard` command
    line that would print a path; None for other command lines.

    With `--json` stdout has the error as a document, and nothing else may be there.
    """
    if "--json" in argv:
        return None
    words: list[str] = []
    rest = iter(argv)
    for word in rest:
        if word in _WITH_VALUE:
            next(rest, None)
        elif not word.startswith("-"):
            words.append(word)
    if words[:1] == ["guard"] and not {"--github", "--gitlab"} & set(argv):
        return "guard"
    if words[:1] != ["path"]:
        return None
    return words[1] if len(words) > 1 else ""


def missing_path(reference: str, home: str | None) -> str:
    """A path below the home, or below the root where no home is known, at which there never is anything."""
    name = "".join(c if c in _SAFE else "_" for c in reference[:MOST]).lstrip(".")
    top = os.path.join(home, "packs") if home else os.path.abspath(os.sep)  # noqa: PTH100
    return os.path.join(top, MISSING, name or "nothing")
