"""Evaluate an environment: merge its imports in order, and its own values over them.

References are bound early, as in Pulumi ESC: `${…}` refers to the environment that contains it and to that
one's imports, never to an environment that imports it. Every expression is evaluated once, when it is first
needed, so the result depends neither on the order of keys nor on the order of evaluation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from packreg.environments.document import (
    SECRET,
    Call,
    EnvironmentDocument,
    Import,
    call_of,
    invalid,
    read_document,
    secret_of,
)
from packreg.environments.functions import call
from packreg.environments.interpolation import Part, Path, parse_text, written
from packreg.environments.scalars import is_text, scalar_value
from packreg.environments.values import TooMuch, Value, as_text, check_size, merge
from packreg.errors import InvalidConfiguration, NotFound
from packreg.pack.problems import Problems
from packreg.pack.strict_yaml import Mapping, Node, Position, Scalar, Sequence
from packreg.registry.environment_reference import EnvironmentReference
from packreg.text import nearest

#: How deep references and the containers around them may nest; far above what people write.
MAX_HEIGHT = 100
MAX_IMPORT_DEPTH = 20
MAX_ENVIRONMENTS = 100  # read by one evaluation
MAX_TEXT = 2 * 2**20  # bytes of all definitions that one evaluation reads
MAX_WORK = 8 * 2**20  # what all functions and texts of one evaluation may produce, in the units of `MAX_SIZE`


class Definition(NamedTuple):
    """A stored definition: the environment's name, the number of the revision, and its text."""

    name: str
    revision: int
    text: bytes

    def __str__(self) -> str:
        return f"{self.name}@{self.revision}"


class EvaluatedImport(NamedTuple):
    """An environment that was evaluated outside, such as by the `esc` program; `name` is for messages."""

    name: str
    value: Value

    def __str__(self) -> str:
        return self.name


#: Loads the environment that a reference names. Raises PackregError.
Load = Callable[[EnvironmentReference], Definition | EvaluatedImport]
#: Decrypts a secret: (name of the environment, ciphertext) -> plain text. Raises PackregError.
Reveal = Callable[[str, str], str]


class _Refused(Exception):
    """An expression has no value. The reason was added to the problems."""


@dataclass
class Evaluator:
    """Evaluates environments.

    `unsaved` is the name of the environment whose next revision is evaluated: it may not import its own
    newest revision. `read` has the environments that were loaded, in order, and `named` the same by
    reference; `revealed` are the plain texts of all secrets; `problems` holds the warnings.
    """

    load: Load
    reveal: Reveal
    unsaved: str = ""
    read: list[Definition | EvaluatedImport] = field(default_factory=list)
    named: dict[EnvironmentReference, Definition | EvaluatedImport] = field(default_factory=dict)
    revealed: set[str] = field(default_factory=set)
    problems: Problems = field(default_factory=Problems)
    _done: dict[EnvironmentReference, Value] = field(default_factory=dict)
    _stack: list[str] = field(default_factory=list)
    _text: int = 0
    _work: int = 0

    def document(self, document: EnvironmentDocument, name: str) -> Value:
        """The value of a definition of the environment `name`; its secrets are decrypted for that name.

        Raises InvalidConfiguration with all problems of the definition, or of the first import that has any,
        and what `load` and `reveal` raise.
        """
        base: Value | None = None
        imports: dict[str, Value] = {}
        for each in document.imports:
            imports[each.name] = self.imported(each, document.where)
            if each.merge:
                with self._placed(document.where, each.place):
                    base = merge(base, imports[each.name])
        problems = Problems()
        value = _Scope(self, document, name, base, imports, problems).value()
        self.problems.warnings += problems.warnings
        if problems.errors:
            raise invalid(document.where, problems)
        return value

    def imported(self, each: Import, where: str) -> Value:
        """The value of an import of the document `where`. Each reference is evaluated once.

        Raises what `document` raises.
        """
        if each.reference not in self._done:
            self._done[each.reference] = self._opened(each, where)
        return self._done[each.reference]

    def _opened(self, each: Import, where: str) -> Value:
        place = f"{where}:{each.place}"
        if each.reference == EnvironmentReference(self.unsaved):
            circle = " -> ".join([self.unsaved, *self._stack, self.unsaved])
            raise _failed(
                where, place, "import-cycle", f"environments import each other in a circle: {circle}"
            )
        try:
            found = self.load(each.reference)
        except NotFound as error:
            if not where:
                raise
            raise _failed(where, place, "import", str(error), error.hint) from None
        if str(found) in self._stack:
            circle = " -> ".join([*self._stack[self._stack.index(str(found)) :], str(found)])
            raise _failed(
                where, place, "import-cycle", f"environments import each other in a circle: {circle}"
            )
        if len(self._stack) >= MAX_IMPORT_DEPTH:
            message = f"imports nest deeper than {MAX_IMPORT_DEPTH}"
            raise _failed(where, place, "imports", message)
        self.read.append(found)
        self.named[each.reference] = found
        if len(self.read) > MAX_ENVIRONMENTS:
            raise _failed(where, place, "imports", f"more than {MAX_ENVIRONMENTS} environments are imported")
        if isinstance(found, EvaluatedImport):
            return found.value
        self._text += len(found.text)
        if self._text > MAX_TEXT:
            raise _failed(where, place, "imports", f"all imports have more than {MAX_TEXT:,} bytes")
        self._stack.append(str(found))
        try:
            return self.document(read_document(found.text, str(found)), found.name)
        finally:
            self._stack.pop()

    def made(self, value: Value) -> Value:
        """The value itself, after adding its size to the work of this evaluation. Raises TooMuch."""
        self._work += value.size
        if self._work > MAX_WORK:
            raise TooMuch(f"all values together have more than {MAX_WORK:,} characters")
        return value

    @contextmanager
    def _placed(self, where: str, place: Position) -> Iterator[None]:
        try:
            yield
        except TooMuch as error:
            raise _failed(where, f"{where}:{place}", "too-much", str(error)) from None


class _Scope:
    """The evaluation of one document: `base` is what its imports merge to."""

    def __init__(
        self,
        evaluation: Evaluator,
        document: EnvironmentDocument,
        name: str,
        base: Value | None,
        imports: dict[str, Value],
        problems: Problems,
    ) -> None:
        self.evaluation, self.document, self.name = evaluation, document, name
        self.base, self.imports, self.problems = base, imports, problems
        self.root = document.values
        #: By `id()` of an expression's node: its value (None if it was refused) and how deep it nests.
        self.done: dict[int, tuple[Value | None, int]] = {}
        self.doing: dict[int, Path] = {}
        self.heights: list[int] = [0]

    def value(self) -> Value:
        """The document's values, merged over its imports. What cannot be evaluated becomes a problem."""
        if self.root is None:
            return self.base if self.base is not None else Value({})
        try:
            return merge(self.base, self.members(self.root, (), self.base), lambda: None)
        except TooMuch as error:
            self.refuse(self.root, "too-much", str(error))
        except _Refused:
            pass
        return Value({})

    def evaluate(self, node: Node, path: Path, base: Value | None) -> Value:
        """The value of the expression at a path, merged over `base`: the value of the imports there."""
        if id(node) in self.doing:
            steps = list(self.doing)
            circle = [self.doing[step] for step in steps[steps.index(id(node)) :]]
            names = " -> ".join(written(each) for each in [*circle, circle[0]])
            raise self.refuse(node, "cycle", f"values refer to each other in a circle: {names}")
        if id(node) not in self.done:
            if len(self.doing) >= MAX_HEIGHT:
                raise self.refuse(node, "too-deep", f"references nest deeper than {MAX_HEIGHT}")
            self.doing[id(node)] = path
            self.heights.append(0)
            value: Value | None = None
            try:
                value = self.over(node, path, base)
            except ValueError as error:  # TooMuch among them
                self.refuse(node, "too-much" if isinstance(error, TooMuch) else "value", str(error))
            except _Refused:
                pass
            finally:
                del self.doing[id(node)]
                self.done[id(node)] = (value, self.heights.pop() + 1)
        found, height = self.done[id(node)]
        self.heights[-1] = max(self.heights[-1], height)
        if found is None:
            raise _Refused
        if len(self.doing) + height > MAX_HEIGHT:
            raise self.refuse(node, "too-deep", f"references nest deeper than {MAX_HEIGHT}")
        return found

    def over(self, node: Node, path: Path, base: Value | None) -> Value:
        if base is not None and base.final:
            self.kept_final(node, path)
            return base
        return merge(base, self.own(node, path, base), lambda: self.kept_final(node, path))

    def own(self, node: Node, path: Path, base: Value | None) -> Value:
        if isinstance(node, Scalar):
            return self.text(parse_text(node.text)) if is_text(node) else scalar_value(node)
        if isinstance(node, Sequence):
            items = [self.tried(item, (*path, index), None) for index, item in enumerate(node.items)]
            return Value(tuple(_all(items)))
        called = call_of(node)
        return self.members(node, path, base) if called is None else self.call(node, called, path)

    def members(self, node: Mapping, path: Path, base: Value | None) -> Value:
        names = [_key(key) for key, _ in node.entries]
        pairs = zip(names, node.entries, strict=True)
        values = [self.tried(item, (*path, name), _member(base, name)) for name, (_, item) in pairs]
        return Value(dict(zip(names, _all(values), strict=True)))

    def tried(self, node: Node, path: Path, base: Value | None) -> Value | None:
        """The value, or None if it was refused; the caller goes on, to find the problems of siblings too."""
        try:
            return self.evaluate(node, path, base)
        except _Refused:
            return None

    def call(self, node: Mapping, called: Call, path: Path) -> Value:
        if called.name == SECRET:
            secret = secret_of(node)
            assert secret is not None, "the document was checked"
            text = secret.node.text
            plain = self.evaluation.reveal(self.name, text) if secret.encrypted else text
            self.evaluation.revealed |= {plain} if plain else set()
            return self.evaluation.made(Value(plain, secret=True))
        argument = self.evaluate(called.argument, (*path, called.name), None)
        return self.evaluation.made(call(called.name.removeprefix("fn::"), argument))

    def text(self, parts: tuple[Part, ...]) -> Value:
        if len(parts) == 1 and parts[0].path is None:
            return Value(parts[0].text)
        if len(parts) == 1 and not parts[0].text:
            return self.referred(parts[0].path or ())
        values = [(part.text, self.referred(part.path) if part.path else None) for part in parts]
        check_size(sum(len(text) + (value.size if value else 0) for text, value in values))
        whole = "".join(text + (as_text(value) if value else "") for text, value in values)
        return self.evaluation.made(Value(whole, any(value.has_secrets for _, value in values if value)))

    def referred(self, path: Path) -> Value:
        """The value that a reference to a path means, in this environment or in its imports."""
        if path[0] == "imports":
            return _inside(Value(dict(self.imports)), path[1:], path)
        node: Node | None = self.root
        base = self.base
        at: Path = ()
        for step in path:
            if node is None or (base is not None and base.final):
                return _inside(base if base is not None else Value({}), path[len(at) :], path)
            if isinstance(node, Mapping) and call_of(node) is None and isinstance(step, str):
                below = next((value for key, value in node.entries if _key(key) == step), None)
                if below is None and _member(base, step) is None:
                    known = [*(_key(key) for key, _ in node.entries), *(base.members if base else ())]
                    raise ValueError(_unknown(path, len(at), known))
                node, base = below, _member(base, step)
            elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
                node, base = node.items[step], None
            else:
                return _inside(self.evaluate(node, at, base), path[len(at) :], path)
            at = (*at, step)
        if node is not None:
            return self.evaluate(node, at, base)
        assert base is not None
        return base

    def refuse(self, node: Node, code: str, message: str) -> _Refused:
        place = f"{self.document.where}:{node.place}"
        self.problems.error(f"environment-{code}", message, place)
        return _Refused()

    def kept_final(self, node: Node, path: Path) -> None:
        place = f"{self.document.where}:{node.place}"
        message = f"{written(path)} is final in an import, and keeps that value"
        self.problems.warn("environment-final", message, place)


def _all(values: list[Value | None]) -> list[Value]:
    found = [value for value in values if value is not None]
    if len(found) < len(values):
        raise _Refused
    return found


def _inside(value: Value, steps: Path, path: Path) -> Value:
    """The value at `steps` below `value`; `path` is the whole reference, for messages. Raises ValueError."""
    for number, step in enumerate(steps, len(path) - len(steps)):
        if isinstance(value.data, tuple) and isinstance(step, int):
            if step >= len(value.data):
                count = len(value.data)
                raise ValueError(f"{written(path[: number + 1])}: the list has {count} items, counted from 0")
            value = value.data[step]
        elif not isinstance(value.data, tuple) and value.data is not None and isinstance(step, str):
            if step not in value.members:
                known = [] if value.secret else list(value.members)  # the names in a secret are secret
                raise ValueError(_unknown(path, number, known))
            value = value.members[step]
        else:
            raise ValueError(f"{written(path[:number])} is {value.kind}, so {written(path)} means nothing")
    return value


def _unknown(path: Path, number: int, known: list[str]) -> str:
    close = nearest(str(path[number]), known)
    meant = f"; did you mean {written((*path[:number], close))}?" if close else ""
    return f"there is no value {written(path[: number + 1])}{meant}"


def _key(key: Scalar) -> str:
    """The name that a key stands for: `$$` in it is one dollar sign, as in every text."""
    return "".join(part.text for part in parse_text(key.text))


def _member(value: Value | None, name: str) -> Value | None:
    return value.members.get(name) if value is not None else None


def _failed(where: str, place: str, code: str, message: str, hint: str = "") -> InvalidConfiguration:
    problems = Problems()
    problems.error(f"environment-{code}", message, place, hint)
    return invalid(where, problems)
