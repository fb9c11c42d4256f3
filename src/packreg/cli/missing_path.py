"""What `packreg path` and `packreg guard` print when they fail: a path that cannot exist.

In `pulumi preview --policy-pack "$(packreg path rules@1.2.0)"` the exit code of `packreg path` is lost. The
Pulumi CLI ignores an empty `--policy-pack` and runs without the pack (measured with 3.259.0), but it stops if
the directory does not exist. So a failed command prints such a path, with the reference in its name. The same
holds for `export PULUMI_OPTION_POLICY_PACK="$(packreg guard)"`.
"""
# ruff: noqa: PTH118 (pathlib costs start-up time)

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

#: The directory that never exists. Its siblings are named by registry ids, which are twelve hex digits.
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
    """A path that never exists, below packreg's home, or below the root if no home is known."""
    name = "".join(c if c in _SAFE else "_" for c in reference[:MOST]).lstrip(".")
    top = os.path.join(home, "packs") if home else os.path.abspath(os.sep)  # noqa: PTH100
    return os.path.join(top, MISSING, name or "nothing")
