"""The configuration file of a policy pack: reading it, and writing one.

A configuration file is a JSON object, one member for each policy, and `all` for every policy at once:

    {"all": "mandatory",                                       the short form: a level
     "allowed-regions": {"enforcementLevel": "advisory",       the long form: a level and properties, flat
                         "regions": ["eu-west-1"]},
     "environments": ["acme/policies"]}                        names that the caller resolves, not a policy

That is the form of the Pulumi CLI's `--policy-pack-config`. A key given twice is warned of, and the last
one counts, as there. A number as `version` marks the other form, of version 2, which the CLI has had since
3.274.0: there the policies are members of `policies`.

    {"version": 2, "policies": {"all": "mandatory"}, "environments": ["acme/policies"]}

Its `exceptions` let whoever writes the file pass a policy, and are refused: waivers are recorded and end.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from packreg.configuration.messages import SchemaViolation, shown
from packreg.errors import InvalidConfiguration, Problem

LEVELS = ("advisory", "disabled", "mandatory", "remediate")
LEVEL_KEY = "enforcementLevel"
MAX_FILE = 1024 * 1024  # bytes
MAX_DEPTH = 64
#: What stands for exceptions here.
WAIVERS = "whoever maintains the policies can add a waiver: `packreg waiver add --help`"
ENVIRONMENTS = "environments"
#: What a file of version 2 may hold. The CLI reads these names however they are written (`json` of Go).
_VERSION_2 = ("version", "policies", ENVIRONMENTS, "exceptions")


@dataclass(frozen=True, slots=True)
class Setting:
    """What a layer says of one policy: a level ("" leaves it as it was) and properties."""

    level: str = ""
    properties: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings from one place. `where` names it in messages: a file, an environment.

    `secrets` are texts among its properties that no message may show.
    """

    where: str
    settings: Mapping[str, Setting]
    environments: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()
    secrets: frozenset[str] = field(default=frozenset(), repr=False)


def read_layer(data: bytes, where: str) -> Layer:
    """Read a configuration file; empty text and `null` are an empty layer.

    Raises InvalidConfiguration with all problems: not JSON, not an object, a value that is neither a level
    nor an object, an unknown level, a version other than 2, exceptions, a number too large for JSON's
    doubles, more than `MAX_FILE` bytes or `MAX_DEPTH` levels.
    """
    found = _FoundSettings(where)
    whole = found.parse(data)
    return found.layer({} if whole is None else whole)


def as_layer(value: object, where: str) -> Layer:
    """The layer that a configuration file with this JSON value would be. Raises what `read_layer` raises."""
    return _FoundSettings(where).layer(value)


def config_problem(config: Mapping[str, object]) -> str:
    """Why this is not the form of a configuration, or an empty string; the properties are not looked at."""
    for name, setting in config.items():
        level = setting.get(LEVEL_KEY, "mandatory") if isinstance(setting, Mapping) else setting
        if not (isinstance(level, str) and level in LEVELS):
            return f"{name[:100]}: {shown(setting)} is neither a level ({levels()}) nor an object with one"
    return ""


def as_config(layer: Layer) -> dict[str, object]:
    """A layer's settings in the form of a configuration file, each in one way: `as_layer` is its inverse.

    A setting that is only a level has the short form, and whole numbers are written without a fraction.
    """
    return {
        name: setting.level
        if not setting.properties
        else {**({LEVEL_KEY: setting.level} if setting.level else {}), **_whole(dict(setting.properties))}
        for name, setting in sorted(layer.settings.items())
    }


def _whole(value: Any) -> Any:
    """The same value with whole numbers as integers, as far as doubles tell them apart."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _whole(item) for name, item in value.items()}
    return value


def levels() -> str:
    """The levels, quoted, for a message."""
    return ", ".join(f'"{level}"' for level in LEVELS)


def refused(message: str, errors: Sequence[Problem]) -> InvalidConfiguration:
    """The error that carries these problems, each once, sorted by what they say; a line for each."""
    problems = tuple(sorted(set(errors), key=lambda problem: (problem.message, problem.where)))
    lines = "\n".join(f"  {problem}" for problem in problems)
    return InvalidConfiguration(f"{message}:\n{lines}", problems, hint=problems[0].hint)


class _Members(dict[str, object]):
    """A JSON object that remembers which of its keys were given more than once."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        self.twice = sorted(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)


class _FoundSettings:
    def __init__(self, where: str) -> None:
        self.where = where
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []

    def error(self, code: str, message: str, at: str = "", hint: str = "") -> Problem:
        return Problem(f"config-{code}", message, at or self.where, hint)

    def refused(self, errors: Sequence[Problem]) -> InvalidConfiguration:
        return refused(f"{self.where} is not a configuration of a policy pack", errors)

    def layer(self, whole: object) -> Layer:
        self.look_closely(whole)
        if not isinstance(whole, Mapping):
            message = f"must be an object with a key for each policy, not {shown(whole)}"
            raise self.refused([self.error("shape", message)])
        policies = dict(whole)
        named = policies.pop(ENVIRONMENTS, [])
        version = whole.get("version")
        if isinstance(version, int | float) and not isinstance(version, bool):
            policies, named = self.version_2(whole, version)
        environments = self.environments(named)
        settings = {name: self.setting(name, value) for name, value in policies.items()}
        if self.errors:
            raise self.refused(self.errors)
        return Layer(
            self.where,
            {name: each for name, each in settings.items() if each.level or each.properties},
            environments,
            tuple(self.warnings),
        )

    def version_2(self, whole: Mapping[str, object], version: float) -> tuple[dict[str, object], object]:
        """The policies and the environments of a file that has a version."""
        if version != 2:
            newer = "a newer packreg may read it" if version > 2 else 'write "version": 2'
            raise self.refused([self.error("version", f"has version {version:g}, not 2", hint=newer)])
        for name in whole:
            meant = name.casefold()
            if meant in _VERSION_2 and meant != name:
                self.errors.append(self.error("shape", f"{shown(name)} must be written {meant}"))
            elif meant not in _VERSION_2:
                message = f"{shown(name)} has no meaning in a file of version 2"
                self.warnings.append(
                    self.error("unknown-member", message, hint="settings of policies belong below `policies`")
                )
        if whole.get("exceptions") not in (None, {}):
            self.errors.append(self.error("exceptions", "exceptions are not accepted here", hint=WAIVERS))
        policies, named = whole.get("policies"), whole.get(ENVIRONMENTS)
        policies = {} if policies is None else policies
        if not isinstance(policies, Mapping):
            message = f"policies: must be an object with a key for each policy, not {shown(policies)}"
            raise self.refused([self.error("shape", message)])
        if ENVIRONMENTS in policies:
            message = f"policies: {ENVIRONMENTS} cannot be the name of a policy"
            self.errors.append(self.error("shape", message))
        return dict(policies), [] if named is None else named

    def parse(self, data: bytes) -> object:
        if len(data) > MAX_FILE:
            raise self.refused([self.error("json", f"has {len(data)} bytes; {MAX_FILE} are allowed")])
        try:
            text = data.decode("utf-8-sig")
            if not text.strip():
                return None
            whole: object = json.loads(
                text,
                object_pairs_hook=_Members,
                parse_int=_number,
                parse_float=_number,
                parse_constant=_no_number,
            )
        except json.JSONDecodeError as error:
            at = f"{self.where}:{error.lineno}:{error.colno}"
            raise self.refused([self.error("json", f"is not JSON: {error.msg}", at)]) from None
        except RecursionError:
            raise self.refused([self.error("json", f"is nested deeper than {MAX_DEPTH} levels")]) from None
        except ValueError as error:  # also UnicodeDecodeError
            raise self.refused([self.error("json", f"is not JSON: {error}")]) from None
        return whole

    def look_closely(self, whole: object) -> None:
        """Find keys given twice, too much depth and halves of surrogate pairs, wherever they are."""
        todo: list[tuple[object, tuple[str | int, ...]]] = [(whole, ())]
        while todo:
            value, path = todo.pop()
            if len(path) > MAX_DEPTH:
                raise self.refused([self.error("json", f"is nested deeper than {MAX_DEPTH} levels")])
            if isinstance(value, dict):
                for name in value.twice if isinstance(value, _Members) else ():
                    message = str(SchemaViolation((*path, name), "is given twice; the last one counts"))
                    self.warnings.append(self.error("duplicate-key", message))
                todo.extend((item, (*path, name)) for name, item in value.items())
                todo.extend((name, path) for name in value)
            elif isinstance(value, list):
                todo.extend((item, (*path, index)) for index, item in enumerate(value))
            elif isinstance(value, str) and not _is_text(value):
                self.errors.append(
                    self.error("json", str(SchemaViolation(path, "has half of a surrogate pair")))
                )
        self.warnings.sort()

    def environments(self, value: object) -> tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(name, str) for name in value):
            return tuple(value)
        self.errors.append(self.error("shape", f"environments: must be a list of names, not {shown(value)}"))
        return ()

    def setting(self, name: str, value: object) -> Setting:
        if isinstance(value, str):
            return Setting(self.level(name, value))
        if isinstance(value, Mapping):
            properties = {key: item for key, item in value.items() if key != LEVEL_KEY}
            return Setting(self.level(name, value[LEVEL_KEY]) if LEVEL_KEY in value else "", properties)
        message = f"must be a level ({levels()}) or an object, not {shown(value)}"
        self.errors.append(self.error("shape", str(SchemaViolation((name,), message))))
        return Setting()

    def level(self, name: str, value: object) -> str:
        if isinstance(value, str) and value in LEVELS:
            return value
        message = f"the enforcement level must be one of {levels()}, not {shown(value)}"
        self.errors.append(self.error("level", str(SchemaViolation((name,), message))))
        return ""


def _number(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"the number {text[:40]} is too large")
    return number


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not a number in JSON")


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
