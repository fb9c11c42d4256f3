"""Add the guard to a command line of the Pulumi CLI. Pure.

The CLI uses the packs of its environment variables first, then those of the command line. It requires as many
`--policy-pack-config` as packs, or none (see `services.pulumi_options`).
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from packreg.errors import UsageError
from packreg.services.guard_forms import Forms, Version
from packreg.services.pulumi_options import CONFIG_FLAG, CONFIGS, PACK_FLAG, PACKS, variable_words

#: The first Pulumi CLI that reads the variables.
WITH_VARIABLES = (3, 208, 0)

_JUDGED = frozenset({"up", "update", "preview", "pre", "watch"})
#: Flags before the command's name whose value may be the next argument.
_WITH_VALUE = frozenset(
    {"-C", "--cwd", "--color", "-v", "--verbose", "--tracing", "--tracing-header", "--otel-traces"}
    | {"--profiling", "--memprofilerate"}
)
_VERSION = re.compile(r"v?([0-9]+)\.([0-9]+)\.([0-9]+)")


class Guarded(NamedTuple):
    """The command to run, and the variables to add to its environment."""

    command: list[str]
    variables: dict[str, str]


def is_pulumi(program: str) -> bool:
    """Whether `program` is the Pulumi CLI, by its file name."""
    return os.path.basename(program).removesuffix(".exe") == "pulumi"  # noqa: PTH119  a word, not a file


def read_version(text: str) -> Version | None:
    """The version in the output of `pulumi version`; None if there is none."""
    found = _VERSION.match(text.strip())
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def guarded(
    command: Sequence[str], environ: Mapping[str, str], version: Version | None, forms: Forms
) -> Guarded:
    """The command with the guard in it; `version` is that of the Pulumi CLI it is or will call.

    Raises:
        UsageError: the CLI does not read the variable, and the command is another program, to which no flags
            can be added.
    """
    guard = forms.fitting(version)
    if version is not None and version < WITH_VARIABLES:
        if not is_pulumi(command[0]):
            raise UsageError(
                f"the Pulumi CLI is {'.'.join(map(str, version))} and ignores {PACKS}: {command[0]} would "
                "run without the guard",
                hint="upgrade the Pulumi CLI to 3.208.0 or later, or run `packreg run -- pulumi …` itself",
            )
        return Guarded(_with_flags(list(command), guard, forms.no_config), {})
    known = {forms.file, forms.directory}
    packs = [guard if word in known else word for word in variable_words(environ.get(PACKS, ""))]
    configs = variable_words(environ.get(CONFIGS, ""))
    with_configs = configs or any(_is_config(word) for word in command)
    if guard not in packs:  # put it first, so that all other pairs of pack and configuration stay the same
        packs, configs = [guard, *packs], [forms.no_config, *configs]
    else:
        configs += [forms.no_config] * (len(packs) - len(configs))
    variables = {PACKS: variable_value(packs)}
    if with_configs:
        variables[CONFIGS] = variable_value(configs)
    return Guarded(list(command), variables)


def names_pack(line: str, path: str) -> bool:
    """Whether the value `line` of the variable names a pack at `path`."""
    return path in variable_words(line)


def _with_flags(command: list[str], guard: str, no_config: str) -> list[str]:
    """The command with flags after the name of the CLI's subcommand, if that one runs policy packs."""
    place = _behind_name(command)
    if place is None:
        return command
    flags = [PACK_FLAG, _line([guard])]
    if any(_is_config(word) for word in command):
        flags += [CONFIG_FLAG, _line([no_config])]
    return [*command[:place], *flags, *command[place:]]


def _behind_name(command: Sequence[str]) -> int | None:
    """The index after the name of a subcommand that runs policy packs; None for all others."""
    index = 1
    while index < len(command):
        word = command[index]
        if not word.startswith("-"):
            return index + 1 if word in _JUDGED else None
        index += 2 if word in _WITH_VALUE else 1
    return None


def _is_config(word: str) -> bool:
    return word == CONFIG_FLAG or word.startswith(f"{CONFIG_FLAG}=")


def variable_value(words: Sequence[str]) -> str:
    """The value of a variable that the CLI reads as `words`: it splits each word as a list once more."""
    return _line([_line([word]) for word in words])


def _line(words: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(words)
    return text.getvalue()
