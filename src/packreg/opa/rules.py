"""The policies of a pack: which rules are policies, and their descriptions and configuration schemas.

A rule is a policy by its name, as in Pulumi's own analyzer (measured with version 1.1.1):

    deny, violation, deny_x, violation_x        mandatory, on each resource
    warn, warn_x                                advisory, on each resource
    stack_deny, stack_violation, …              mandatory, on the stack
    stack_warn, …                               advisory, on the stack

Every other rule is a helper. All rules with the same name are one policy, also in several files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from packreg.opa.modules import Annotation, Module, package_of
from packreg.pack.problems import Problems
from packreg.pack.strict_json import read_json

SCHEMA_FILE = "config-schema.json"
MAX_SCHEMA_FILE = 1 << 20  # bytes
_POLICY = re.compile(r"(?P<stack>stack_)?(?:(?P<deny>deny|violation)|warn)(?:_[a-zA-Z0-9]+)*", re.ASCII)
_NEARLY = re.compile(r"(?:stack_?)?(?:deny|violation|warn)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ConfigSchema:
    """The configuration of a policy: JSON schemas by property name, and the required properties."""

    properties: Mapping[str, object]
    required: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One policy. `mandatory` is its default level (else advisory); `stack` says that it judges the stack.

    `where` is the place of its first rule, "path:line"; `schema` is None if the pack has none for it.
    """

    name: str
    mandatory: bool
    stack: bool
    display_name: str
    description: str
    message: str
    where: str
    schema: ConfigSchema | None = None


@dataclass(frozen=True, slots=True)
class RulePack:
    """The contents of an OPA pack: its Rego package, policies and modules."""

    package: tuple[str, ...]
    display_name: str
    rules: tuple[Rule, ...]
    modules: tuple[Module, ...]

    @property
    def name(self) -> str:
        """The pack's name, which is the Rego package."""
        return ".".join(self.package)


def read_rules(modules: Sequence[Module], files: Mapping[str, bytes], problems: Problems) -> RulePack | None:
    """The pack that these modules make; None when they have no package or several.

    `files` has config-schema.json. Errors and warnings are added to `problems`.
    """
    package = package_of(modules, problems)
    if package is None:
        return None
    schemas = _read_schemas(files, problems)
    found: dict[str, Rule] = {}
    display_name = ""
    paths: dict[str, list[str]] = {}
    for module in modules:
        display_name = display_name or module.title
        said = _about(module)
        for head in module.rules:
            where = f"{module.path}:{head.line}"
            match = _POLICY.fullmatch(head.name)
            if not match:
                _warn_of_near_name(head.name, where, problems)
                continue
            if head.kind == "function":
                problems.warn("opa/unrecognized-rule", f"{head.name} is a function, not a policy", where)
                continue
            files_of = paths.setdefault(head.name, [])
            if module.path not in files_of:
                if files_of:
                    message = f"the rule {head.name} is also in {files_of[0]}; together they are one policy"
                    problems.warn("opa/duplicate-rule", message, where)
                files_of.append(module.path)
            if head.name not in found:
                block = said.get(head.name)
                found[head.name] = Rule(
                    name=head.name,
                    mandatory=bool(match["deny"]),
                    stack=bool(match["stack"]),
                    display_name=(block.title if block else "") or module.path.removesuffix(".rego"),
                    description=block.description if block else "",
                    message=block.message if block else "",
                    where=where,
                    schema=schemas.get(head.name),
                )
    for name in sorted(schemas.keys() - found.keys()):
        problems.warn("schema-without-rule", f"there is no policy {name!r} to configure", SCHEMA_FILE)
    if not found:
        message = "no rule is a policy: none is called deny…, violation…, warn… or stack_…"
        problems.warn("opa/zero-rules", message, modules[0].path, "rename the rules that decide")
    return RulePack(package, display_name, tuple(found.values()), tuple(modules))


def _about(module: Module) -> dict[str, Annotation]:
    """The annotation of each rule that has one: the first above any of its definitions in this file."""
    found: dict[str, Annotation] = {}
    for head in module.rules:
        if head.annotation is not None:
            found.setdefault(head.name, head.annotation)
    return found


def rule_path(package: Sequence[str]) -> str:
    """The path of a package, such as `data["a"]["b-c"].`; append a rule's name to it."""
    return "data" + "".join(f"[{json.dumps(step)}]" for step in package) + "."


def _warn_of_near_name(name: str, where: str, problems: Problems) -> None:
    if _NEARLY.match(name):
        message = f"{name} is a helper, not a policy: its name is not that of a policy"
        hint = (
            "policies are deny, violation or warn, then _words of letters and digits; stack_ may come first"
        )
        problems.warn("opa/unrecognized-rule", message, where, hint)


def _read_schemas(files: Mapping[str, bytes], problems: Problems) -> dict[str, ConfigSchema]:
    """The configuration schemas by policy. Malformed ones are errors; Pulumi's analyzer ignores them."""
    data = files.get(SCHEMA_FILE)
    if data is None:
        return {}
    value = read_json(data, SCHEMA_FILE, problems, limit=MAX_SCHEMA_FILE)
    if value is None:
        if not any(problem.where.startswith(SCHEMA_FILE) for problem in problems.errors):
            problems.error("config-schema", "the file holds null", SCHEMA_FILE, "write {} or remove it")
        return {}
    if not isinstance(value, dict):
        problems.error("config-schema", "the file is not an object of policies", SCHEMA_FILE)
        return {}
    schemas = {}
    for name, given in value.items():
        schema = _schema(name, given, problems)
        if schema is not None:
            schemas[name] = schema
    return schemas


def _schema(name: str, given: object, problems: Problems) -> ConfigSchema | None:
    if not isinstance(given, dict):
        problems.error("config-schema", f"the schema of {name} is not an object", SCHEMA_FILE)
        return None
    properties, required = given.get("properties", {}), given.get("required", [])
    if not isinstance(properties, dict):
        problems.error("config-schema", f"the properties of {name} are not an object", SCHEMA_FILE)
        return None
    if not isinstance(required, list) or not all(isinstance(item, str) for item in required):
        problems.error("config-schema", f"required of {name} is not a list of names", SCHEMA_FILE)
        return None
    schema = ConfigSchema(properties, tuple(required))
    if problem := _not_a_schema(properties):
        problems.error("config-schema", f"the schema of {name} cannot be used: {problem}", SCHEMA_FILE)
        return None
    return schema


def _not_a_schema(properties: Mapping[str, object]) -> str:
    """Why the properties are not JSON schemas of draft 7, or ""."""
    from jsonschema import Draft7Validator, SchemaError

    try:
        Draft7Validator.check_schema({"type": "object", "properties": properties})
    except SchemaError as error:
        place = ".".join(str(step) for step in error.absolute_path)
        return f"{place}: {error.message}"[:300]
    return ""
