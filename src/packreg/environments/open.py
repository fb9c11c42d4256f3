"""Open environments: from references to the configuration, variables and files that a policy pack gets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from packreg.environments.document import EnvironmentDocument, Import
from packreg.environments.evaluation import Evaluator, Load, Reveal
from packreg.environments.functions import is_binary, to_bytes
from packreg.environments.opened import Opened, layer_of
from packreg.environments.values import Value, as_text, secret_texts, to_json
from packreg.errors import InvalidConfiguration, Problem
from packreg.pack.strict_yaml import Position
from packreg.registry.environment_reference import EnvironmentReference

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}", re.ASCII)


def open_environments(references: Sequence[str], load: Load, reveal: Reveal) -> Opened:
    """Open environments for a policy pack; later references override earlier ones.

    As in Pulumi, the result is that of one environment that imports them all. `load` gives the definition
    that a reference names, `reveal` decrypts a secret: (environment's name, ciphertext) -> text. Nothing else
    has an effect on the result.

    Raises:
        UsageError: a reference cannot be read.
        InvalidConfiguration: an environment has problems; the error lists all problems of the first such one,
            and shows no secret value.
        PackregError: what `load` and `reveal` raise.
    """
    parsed = [EnvironmentReference.parse(text) for text in references]
    place = Position(1, 1, 0, 0)
    imports = tuple(Import(str(each), each, True, place) for each in dict.fromkeys(parsed))
    evaluation = Evaluator(load, reveal)
    value = evaluation.document(EnvironmentDocument("", imports, None), "")
    named = [str(evaluation.named[each]) for each in dict.fromkeys(parsed)]
    return _opened(value, f"environment{'s' * (len(named) != 1)} {', '.join(named)}", evaluation)


def open_document(document: EnvironmentDocument, name: str, load: Load, reveal: Reveal) -> Opened:
    """Open a definition of the environment `name` that is not stored yet.

    Raises what `open_environments` raises.
    """
    evaluation = Evaluator(load, reveal, unsaved=name)
    return _opened(evaluation.document(document, name), f"environment {name}", evaluation)


def check_config(opened: Opened) -> None:
    """Check the configuration for every pack that the environment names. Raises what `layer_of` raises."""
    for pack in sorted({key.partition(":")[0] for key in opened.policy_config if ":" in key} | {""}):
        layer_of(opened, pack)


def _opened(value: Value, origin: str, evaluation: Evaluator) -> Opened:
    config = _object(value, "policyConfig", origin)
    variables = _texts(value, "environmentVariables", origin)
    files = _texts(value, "files", origin)
    both = sorted(variables.keys() & files.keys())
    if both:
        raise _refused(origin, [f"{name} is a variable and a file" for name in both])
    binary = [
        f"environmentVariables.{n} holds binary data" for n, text in variables.items() if is_binary(text)
    ]
    nul = [f"environmentVariables.{n} holds a zero byte" for n, text in variables.items() if "\0" in text]
    if binary or nul:
        raise _refused(origin, [*binary, *nul])
    return Opened(
        origin,
        tuple(sorted({str(each) for each in evaluation.read})),
        cast("Mapping[str, object]", to_json(config, reveal=True)),
        cast("Mapping[str, object]", to_json(value, reveal=False)),
        cast("Mapping[str, object]", to_json(value, reveal=True)),
        variables,
        {name: to_bytes(text) for name, text in files.items()},
        frozenset(text for text in secret_texts(value) if text) | frozenset(evaluation.revealed),
        tuple(evaluation.problems.warnings),
    )


def _object(value: Value, name: str, origin: str) -> Value:
    found = value.members.get(name)
    if found is None or found.data is None:
        return Value({})
    if not isinstance(found.data, Mapping):
        raise _refused(origin, [f"{name} must be an object, not {found.kind}"])
    return found


def _texts(value: Value, name: str, origin: str) -> dict[str, str]:
    """The members of `environmentVariables` or `files` as texts; numbers and booleans become text, as in ESC.

    Raises InvalidConfiguration for a bad name, an object or a list.
    """
    found, wrong = {}, []
    for key, item in sorted(_object(value, name, origin).members.items()):
        if not _VARIABLE.fullmatch(key):
            wrong.append(f"{name}: {key[:80]!r} cannot be the name of a variable")
        elif isinstance(item.data, Mapping | tuple):
            wrong.append(f"{name}.{key} must be a text, not {item.kind}")
        else:
            found[key] = as_text(item)
    if wrong:
        raise _refused(origin, wrong)
    return found


def _refused(origin: str, messages: Iterable[str]) -> InvalidConfiguration:
    problems = tuple(Problem("environment-value", message, origin) for message in messages)
    lines = "\n".join(f"  {problem}" for problem in problems)
    return InvalidConfiguration(f"{origin} cannot be used:\n{lines}", problems)
