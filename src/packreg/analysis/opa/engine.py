"""The engine: regorus, in the one thread that made it.

Only its `*_json` methods are used, as its object interface cannot return sets of objects. An engine belongs
to the thread that made it; in another one it panics, which is no Exception.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import regorus

MAX_LINES = 100_000
MAX_COLUMNS = 1 << 16


class EngineFailure(Exception):
    """The engine could not evaluate a rule; the text is one line and says why and where."""


def new_engine() -> regorus.Engine:
    """An engine without modules, for Rego v0, as Pulumi's analyzer reads packs."""
    import regorus

    engine = regorus.Engine()
    engine.set_rego_v0(True)
    engine.set_policy_length_config(max_col=MAX_COLUMNS, max_file_bytes=2 << 20, max_lines=MAX_LINES)
    return engine


def one_line(error: BaseException) -> str:
    """What the engine says in several lines with a source excerpt and a backtrace, as one sentence."""
    text = str(error).partition("Stack backtrace")[0]
    said = [line.removeprefix("error: ").strip() for line in text.splitlines() if line.startswith("error: ")]
    if said:
        return said[0]
    return " ".join(text.split()) or type(error).__name__


def place(error: BaseException) -> str:
    """`path:line:column` of an engine's error, or ""."""
    for line in str(error).splitlines():
        if line.startswith("--> "):
            return line.removeprefix("--> ").strip()
    return ""


class Engine:
    """The rules of one pack, ready to judge inputs. To be used by the thread that made it only.

    `engine` has its modules; `guarded` makes one in which a built-in function that fails is undefined, as in
    OPA: it is asked, once, when a rule first fails.
    """

    def __init__(
        self, package: Sequence[str], engine: regorus.Engine, guarded: Callable[[], regorus.Engine]
    ) -> None:
        self._prefix = rule_path(package)
        self._engine = engine
        self._make_guarded = guarded
        self._guarded: regorus.Engine | None = None
        self._data = "{}"
        self._input = ""
        self._guarded_input = False

    def configure(self, configuration: Mapping[str, Mapping[str, Any]]) -> None:
        """Make `data.config.<rule>.<key>` what is given, and nothing else."""
        self._data = json.dumps({"config": configuration})
        for engine in (self._engine, self._guarded):
            if engine is not None:
                engine.clear_data()
                engine.add_data_json(self._data)

    def set_input(self, text: str) -> None:
        """The JSON that the next rules are to judge."""
        self._engine.set_input_json(text)
        self._input = text
        self._guarded_input = False

    def evaluate(self, rule: str) -> str:
        """The rule's value as JSON, or the JSON text "<undefined>". Raises EngineFailure."""
        path = self._prefix + rule
        try:
            return str(self._engine.eval_rule_as_json(path))
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            failure = error
        try:
            return self._evaluate_guarded(path)
        except EngineFailure:
            raise
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            failure = error
        where = place(failure)
        raise EngineFailure(f"{where}: {one_line(failure)}" if where else one_line(failure)) from None

    def _evaluate_guarded(self, path: str) -> str:
        if self._guarded is None:
            self._guarded = self._make_guarded()
            self._guarded.add_data_json(self._data)
        if not self._guarded_input:
            self._guarded.set_input_json(self._input)
            self._guarded_input = True
        return str(self._guarded.eval_rule_as_json(path))


def rule_path(package: Sequence[str]) -> str:
    """`data.a["b-c"].`, what a rule's name is appended to."""
    parts = ["data"]
    for step in package:
        parts.append(f".{step}" if step.isidentifier() and step.isascii() else f"[{json.dumps(step)}]")
    return "".join(parts) + "."
