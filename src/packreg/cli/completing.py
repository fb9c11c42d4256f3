"""What the shell completes where any text may stand: by its words in the help: names or files.

Names are those that this machine has seen of the registry (`services.seen_words`), and the packs of a
registry in a directory are listed: nothing is ever asked of a bucket or a server.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class, split_arg_string

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packreg.cli.context import CommandContext
    from packreg.services.seen_words import Kind

#: The words of a metavar -> the kinds of names that are completed for it; other words complete nothing.
_KINDS: dict[str, tuple[Kind, ...]] = {
    "ACCOUNT": ("account",),
    "ENVIRONMENT": ("environment",),
    "GROUP": ("group",),
    "PACK": ("pack",),
    "PACK:POLICY": ("policy",),
    "POLICY": ("policy",),
    "REF": ("pack", "release"),
    "STACK": ("stack",),
}
_FILES = {"FILE": "file", "FILE.tgz": "file", "DIR": "dir"}

#: Where bash starts a word of its own, what stands before it in ours must not be given to it again; and words
#: are not taken from COMP_WORDS, as that has `guard`, `@` and `1.0.0` for one of them.
_BASH = r"""
%(complete_func)s() {
    local line="${COMP_LINE:0:COMP_POINT}"
    local word="${line##*[[:space:]]}"
    local last="${word##*[$COMP_WORDBREAKS]}"
    local before="${word%%"$last"}"
    local type value
    COMPREPLY=()
    while IFS=, read -r type value; do
        case "$type" in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("${value#"$before"}") ;;
        esac
    done < <(COMP_LINE="$line" %(complete_var)s=bash_complete "$1")
    return 0
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""


class SeenType(click.types.StringParamType):
    """A text; the shell completes names of these kinds that start with it, and files."""

    def __init__(self, kinds: Sequence[Kind], files: Sequence[str] = ()) -> None:
        self.kinds, self.files = tuple(kinds), tuple(files)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The names, and what tells the shell to add files."""
        found = seen_items(ctx, incomplete, self.kinds)
        return found + [CompletionItem(incomplete, type=kind) for kind in self.files]


class VersionType(click.types.StringParamType):
    """A version; the shell completes those that were seen of the pack that stands before it."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The versions, without the pack's name."""
        pack = str(ctx.params.get("text") or ctx.params.get("pack") or "")
        found = [item.value.partition("@")[2] for item in seen_items(ctx, f"{pack}@", ("release",))]
        return [CompletionItem(word) for word in ("latest", *found) if word.startswith(incomplete)]


def seen_items(ctx: click.Context, incomplete: str, kinds: Iterable[Kind]) -> list[CompletionItem]:
    """The names of these kinds that start so. Versions are only given for a name with an `@`."""
    context: CommandContext | None = ctx.obj
    names = [name for kind in kinds for name in (context.seen_names(kind) if context is not None else ())]
    return [
        CompletionItem(name)
        for name in dict.fromkeys(names)
        if name.startswith(incomplete) and ("@" in incomplete or "@" not in name)
    ]


def complete_by_metavar(ctx: click.Context, params: Iterable[click.Parameter]) -> None:
    """Give parameters that take any text the type that completes what their metavar names."""
    of_env = ctx.parent is not None and ctx.parent.info_name == "env"
    for param in params:
        words = re.findall(r"[A-Z]+(?::[A-Z]+)?(?:\.tgz)?", param.metavar or "")
        if type(param.type) is not click.types.StringParamType:
            continue
        if words == ["VERSION"]:
            param.type = VersionType()
        elif of_env and isinstance(param, click.Argument) and {"NAME", "OLD", "NEW", "REF"} & {*words}:
            param.type = SeenType(["environment"])
        else:
            kinds = [kind for word in words for kind in _KINDS.get(word, ())]
            param.type = SeenType(kinds, [_FILES[word] for word in words if word in _FILES])


@add_completion_class
class WholeWords(BashComplete):
    """Completion for bash, of the words that packreg sees and not those that bash makes of them."""

    source_template = _BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one to complete, and that word."""
        line = os.environ.get("COMP_LINE")
        if line is None:  # of a script that an older packreg printed
            return super().get_completion_args()
        words = split_arg_string(line)[1:]
        unfinished = words.pop() if words and not line[-1].isspace() else ""
        return words, unfinished
