"""The definition of an environment as it is written: read strictly, and checked before it is evaluated.

    imports:
      - base                       # merged: later imports override earlier ones, own values override all
      - limits@3: {merge: false}   # not merged, only for references: ${imports["limits@3"].regions}
    values:
      team: platform
      greeting: hello ${team}
      token: {fn::secret: …}

What Pulumi ESC has beyond the pure functions (providers, rotation, `${context…}`, `${environments…}`) is
refused by name, never ignored: somebody may rely on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from packreg.environments.interpolation import Part, parse_text
from packreg.environments.scalars import is_text
from packreg.errors import InvalidConfiguration, UsageError
from packreg.pack.problems import Problems
from packreg.pack.strict_yaml import Mapping, Node, Position, Scalar, Sequence, read_yaml
from packreg.pack.text import short
from packreg.registry.environment_reference import EnvironmentReference

MAX_DOCUMENT = 256 * 1024  # bytes
MAX_NODES = 5_000
MAX_IMPORTS = 50  # in one document

SECRET, CIPHERTEXT = "fn::secret", "ciphertext"
FUNCTIONS = (
    "concat",
    "final",
    "fromBase64",
    "fromJSON",
    "join",
    "secret",
    "split",
    "toBase64",
    "toJSON",
    "toString",
    "validate",
)
_CALL = "fn::"
_RESERVED = ("imports", "context", "environments")
_ELSEWHERE = {
    "fn::open": "values that come from elsewhere are not supported; take them from the esc program: esc:…",
    "fn::rotate": "packreg does not rotate secrets",
}


@dataclass(frozen=True, slots=True)
class Import:
    """An imported environment. `name` is as it is written; with `merge`, its values are merged in."""

    name: str
    reference: EnvironmentReference
    merge: bool
    place: Position


@dataclass(frozen=True, slots=True)
class EnvironmentDocument:
    """A definition that passed the checks. `where` names it in messages; `values` is None if it has none."""

    where: str
    imports: tuple[Import, ...]
    values: Mapping | None


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function. `name` includes the `fn::`."""

    name: str
    argument: Node


@dataclass(frozen=True, slots=True)
class SecretText:
    """The argument of a `fn::secret`: a plain text, or with `encrypted` a ciphertext."""

    node: Scalar
    encrypted: bool


def read_document(text: bytes, where: str) -> EnvironmentDocument:
    """Read a definition.

    `where` names it in messages. Raises InvalidConfiguration with all problems; no problem quotes a value.
    Refused are: YAML that is not strict, keys other than `imports`, `values` and `description`, unsupported
    functions and references, more than `MAX_DOCUMENT` bytes, `MAX_NODES` keys and values or `MAX_IMPORTS`
    imports.
    """
    problems = Problems()
    root = read_yaml(text, where, problems, limit=MAX_DOCUMENT, nodes=MAX_NODES)
    document = _DefinitionReader(where, problems).document(root) if root is not None else None
    if problems.errors or document is None:
        raise invalid(where, problems)
    return document


def invalid(where: str, problems: Problems) -> InvalidConfiguration:
    """The error that lists these problems, each once; its hint is the first that a problem has."""
    found = tuple(dict.fromkeys(problems.errors))
    lines = "\n".join(f"  {problem}" for problem in found)
    hint = next((problem.hint for problem in found if problem.hint), "")
    return InvalidConfiguration(f"{where} is not a usable environment:\n{lines}", found, hint=hint)


def call_of(node: Mapping) -> Call | None:
    """The function call that a mapping is, or None: a call has one key, and that starts with `fn::`."""
    if len(node.entries) != 1:
        return None
    key, argument = node.entries[0]
    return Call(key.text, argument) if key.text.startswith(_CALL) else None


def secret_of(node: Node) -> SecretText | None:
    """The argument of a node that is a well-formed `fn::secret`, else None."""
    call = call_of(node) if isinstance(node, Mapping) else None
    if call is None or call.name != SECRET:
        return None
    if isinstance(call.argument, Scalar):
        return SecretText(call.argument, False) if call.argument.is_string else None
    if isinstance(call.argument, Mapping) and len(call.argument.entries) == 1:
        key, value = call.argument.entries[0]
        if key.text == CIPHERTEXT and isinstance(value, Scalar) and value.is_string:
            return SecretText(value, True)
    return None


def secrets_of(document: EnvironmentDocument) -> Iterator[SecretText]:
    """Every secret of a document, in the order in which they are written."""
    todo: list[Node] = [document.values] if document.values else []
    while todo:
        node = todo.pop()
        secret = secret_of(node)
        if secret is not None:
            yield secret
        elif isinstance(node, Mapping):
            todo.extend(value for _, value in reversed(node.entries))
        elif isinstance(node, Sequence):
            todo.extend(reversed(node.items))


class _DefinitionReader:
    def __init__(self, where: str, problems: Problems) -> None:
        self.where, self.problems = where, problems

    def refuse(self, node: Node, code: str, message: str, hint: str = "") -> None:
        place = f"{self.where}:{node.place}"
        self.problems.error(f"environment-{code}", message, place, hint)

    def document(self, root: Node) -> EnvironmentDocument:
        imports: tuple[Import, ...] = ()
        values: Mapping | None = None
        if not isinstance(root, Mapping):
            if not (isinstance(root, Scalar) and root.is_null):
                self.refuse(root, "shape", "an environment is a mapping with imports and values")
            return EnvironmentDocument(self.where, (), None)
        for key, node in root.entries:
            if key.text == "imports":
                imports = tuple(self.imports(node))
            elif key.text == "values":
                values = self.values(node)
            elif key.text != "description":
                hint = "an environment has imports and values; its definitions belong below values"
                self.refuse(key, "key", f"there is no top-level key {short(key.text)}", hint)
        return EnvironmentDocument(self.where, imports, values)

    def imports(self, node: Node) -> Iterator[Import]:
        if isinstance(node, Scalar) and node.is_null:
            return
        if not isinstance(node, Sequence):
            self.refuse(node, "shape", "imports must be a list of environments")
            return
        if len(node.items) > MAX_IMPORTS:
            self.refuse(node, "imports", f"it has {len(node.items)} imports; {MAX_IMPORTS} are allowed")
            return
        for item in node.items:
            found = self.one_import(item)
            if found is not None:
                yield found

    def one_import(self, item: Node) -> Import | None:
        name, merge = item, True
        if isinstance(item, Mapping) and len(item.entries) == 1:
            name, options = item.entries[0]
            given = options.get("merge") if isinstance(options, Mapping) else None
            known = isinstance(options, Mapping) and all(k.text == "merge" for k, _ in options.entries)
            if not known or not isinstance(given, Scalar) or given.text not in ("true", "false"):
                self.refuse(options, "import", "an import has one option: {merge: true} or {merge: false}")
            else:
                merge = given.text == "true"
        if not isinstance(name, Scalar) or not name.text:
            self.refuse(item, "import", "an import is the name of an environment")
            return None
        try:
            reference = EnvironmentReference.parse(name.text)
        except UsageError as error:
            self.refuse(name, "import", str(error), error.hint)
            return None
        return Import(name.text, reference, merge, item.place)

    def values(self, node: Node) -> Mapping | None:
        if isinstance(node, Scalar) and node.is_null:
            return None
        if not isinstance(node, Mapping):
            self.refuse(node, "shape", "values must be a mapping")
            return None
        for key, _ in node.entries:
            if key.text in _RESERVED:
                self.refuse(key, "key", f"{key.text} is a reserved name and cannot be a value")
            elif key.text.startswith(_CALL):
                self.refuse(key, "function", f"{short(key.text)} cannot be directly below values")
        self.mapping(node)
        return node

    def node(self, node: Node) -> None:
        if isinstance(node, Mapping):
            call = call_of(node)
            if call is None:
                self.mapping(node)
            else:
                self.call(node, call)
        elif isinstance(node, Sequence):
            for item in node.items:
                self.node(item)
        elif is_text(node):
            self.parts(node)

    def mapping(self, node: Mapping) -> None:
        for key, value in node.entries:
            if key.text.startswith(_CALL) and len(node.entries) > 1:
                message = f"a call of {short(key.text)} must be alone in its mapping"
                self.refuse(key, "function", message)
            if not key.is_string:
                message = f"the key {short(key.text)} is not a string"
                self.refuse(key, "key", message, "put it in quotes")
            elif any(part.path for part in self.parts(key)):
                self.refuse(key, "key", "a key cannot hold references")
            self.node(value)

    def call(self, node: Mapping, call: Call) -> None:
        name = call.name.removeprefix(_CALL)
        if name not in FUNCTIONS:
            family = "::".join(call.name.split("::")[:2])
            hint = _ELSEWHERE.get(family, f"there are fn:: {', '.join(FUNCTIONS)}")
            self.refuse(node, "function", f"the function {short(call.name)} is not supported", hint)
        elif name == "secret":
            if secret_of(node) is None:
                hint = "put it in quotes; what is in there is taken as it is, without references"
                self.refuse(call.argument, "secret", "a secret must be a string, or {ciphertext: …}", hint)
        else:
            self.arguments(name, call.argument)
            self.node(call.argument)

    def arguments(self, name: str, argument: Node) -> None:
        items = argument.items if isinstance(argument, Sequence) else None
        if name in ("join", "split") and (items is None or len(items) != 2):
            what = "list of texts" if name == "join" else "text"
            self.refuse(argument, "function", f"fn::{name} takes a list of two: the delimiter and the {what}")
        elif name == "concat" and items is None:
            self.refuse(argument, "function", "fn::concat takes a list of lists")
        elif name == "validate":
            keys = {key.text for key, _ in argument.entries} if isinstance(argument, Mapping) else set()
            if keys != {"schema", "value"}:
                self.refuse(argument, "function", "fn::validate takes a mapping of schema and value")

    def parts(self, node: Scalar) -> tuple[Part, ...]:
        try:
            parts = parse_text(node.text)
        except ValueError as error:
            self.refuse(node, "reference", str(error), "write $$ for a dollar sign")
            return ()
        for part in parts:
            root = part.path[0] if part.path else None
            if root in ("context", "environments"):
                hint = "import the environment, with {merge: false} if its values are only referred to"
                self.refuse(
                    node, "reference", f"${{{root}…}} is not supported", hint if root != "context" else ""
                )
        return parts
