"""The policy packs that a Pulumi CLI was given, and their configuration files, as it reads them. Pure.

Since 3.208.0 every flag of the CLI has a variable. What is in the variables comes first, then the flags; the
first configuration is for the first pack, and so on. A value is a list of words separated by commas as in a
CSV file, and the words of a variable are read as such lists once more.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from typing import NamedTuple

PACKS = "PULUMI_OPTION_POLICY_PACK"
CONFIGS = "PULUMI_OPTION_POLICY_PACK_CONFIG"
PACK_FLAG, CONFIG_FLAG = "--policy-pack", "--policy-pack-config"
_FLAGS = {PACK_FLAG: PACKS, CONFIG_FLAG: CONFIGS}
#: Flags that take no word of their own, so that a flag behind one of them is a flag.
_NO_VALUE = frozenset(
    f"--{name}"
    for line in (
        "attach-debugger continue-on-error debug diff disable-integrity-checking emoji exclude-dependents",
        "expect-no-changes fully-qualify-stack-names ignore-protect json logflow logtostderr non-interactive",
        "refresh run-program show-config show-full-output show-policy-exceptions show-policy-remediations",
        "show-reads show-replacement-steps show-sames show-secrets skip-config-validation skip-preview",
        "skip-plugin-pre-install strict suppress-outputs suppress-permalink suppress-progress",
        "target-dependents urns yes",
    )
    for name in line.split()
) | {"-d", "-e", "-f", "-j", "-Q", "-r", "-y"}


class Given(NamedTuple):
    """What stands for the CLI's policy packs: each pack with its configuration, "" for none.

    `configs` are all words that may name a configuration file. Unless `certain`, the pairs may be others: a
    word could be a flag as well as the value of another flag, or the CLI refuses the line.
    """

    pairs: tuple[tuple[str, str], ...]
    configs: frozenset[str]
    certain: bool


def given(command: Sequence[str], variables: Mapping[str, str]) -> Given:
    """What a CLI reads that was started with this command, its own name included, and these variables."""
    found = {name: variable_words(variables.get(name, "")) for name in (PACKS, CONFIGS)}
    mentioned = list(found[CONFIGS])
    certain = not any(map(_is_quoted, (variables.get(name, "") for name in (PACKS, CONFIGS))))
    before, index = "", 1
    while index < len(command):
        word = command[index]
        index += 1
        flag, equals, value = word.partition("=")
        if flag in _FLAGS:
            plain = not before.startswith("-") or "=" in before or before in _NO_VALUE
            if not equals:
                value = command[index] if index < len(command) else ""
                index += 1
                plain = plain and not value.startswith("-")
            certain = certain and plain and not _is_quoted(value)
            found[_FLAGS[flag]] += words_of(value)
            word = ""
        before = word
    for place, word in enumerate(command):
        flag, equals, value = word.partition("=")
        if flag == CONFIG_FLAG:
            mentioned += words_of(value if equals else "".join(command[place + 1 : place + 2]))
    packs, configs = found[PACKS], found[CONFIGS]
    certain = certain and len(configs) in (0, len(packs)) and "--" not in command
    configs += [""] * (len(packs) - len(configs))
    return Given(tuple(zip(packs, configs, strict=False)), frozenset(mentioned) - {""}, certain)


def words_of(line: str) -> list[str]:
    """The words of a list."""
    return next(csv.reader([line]), []) if line else []


def variable_words(text: str) -> list[str]:
    """The words of a variable."""
    return [word for inner in words_of(text) for word in words_of(inner)]


def _is_quoted(value: str) -> bool:
    """Whether lists like this one are read in different ways by different readers."""
    return any(sign in value for sign in '"\r\n')
