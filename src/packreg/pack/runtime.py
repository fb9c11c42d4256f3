"""The `runtime` of a manifest: which language host runs the pack, and with which options.

Names, options and their types are those of the language hosts of the Pulumi CLI. They ignore an unknown
option; packreg warns of it.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from typing import NamedTuple, TypeAlias

from packreg.pack.paths import path_problem
from packreg.pack.problems import Problems
from packreg.pack.strict_yaml import Mapping, Node, Scalar
from packreg.pack.text import short
from packreg.text import nearest

RUNTIMES = ("python", "nodejs", "opa")
_REWRITE = "write the policies in python, nodejs or opa, or keep the pack outside packreg"
_BY_HAND = f"{_REWRITE} and give it to `pulumi preview --policy-pack`"
_ON_NODEJS = "write `runtime: nodejs` if its code runs there too; packreg installs with npm"
_NO_SDK = "the Pulumi CLI has no policies in it either"
_EXECUTABLES = "the Pulumi CLI starts executables since 3.255.0"
#: Runtime that packreg does not run -> what the Pulumi CLI does with it, by its change log, and what to do.
OTHER_RUNTIMES = {
    "go": ("the Pulumi CLI runs them since 3.176.0, as an experiment", _BY_HAND),
    "bun": ("the Pulumi CLI runs them since 3.227.0", _ON_NODEJS),
    "executable": (_EXECUTABLES, _BY_HAND),
    "binary": (_EXECUTABLES, _BY_HAND),
    "oci": ("released versions of the Pulumi CLI do not either", _REWRITE),
    "dotnet": (_NO_SDK, _REWRITE),
    "java": (_NO_SDK, _REWRITE),
    "yaml": (_NO_SDK, _REWRITE),
}
TOOLCHAINS = ("pip", "uv", "poetry")
TYPECHECKERS = ("mypy", "pyright")
PACKAGE_MANAGERS = ("auto", "npm", "yarn", "pnpm", "bun")

#: The keys of a manifest beside `runtime`.
TEXT_FIELDS = ("version", "main", "description", "author", "website", "license", "inputFormat")
_OPTIONS = {
    "python": ("virtualenv", "toolchain", "typechecker"),
    "nodejs": ("typescript", "tsconfig", "nodeargs", "production", "packagemanager"),
    "opa": (),
}
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_ALIASES = {
    "node": "nodejs",
    "node.js": "nodejs",
    "javascript": "nodejs",
    "typescript": "nodejs",
    "js": "nodejs",
}
_ALIASES |= {"ts": "nodejs", "py": "python", "python3": "python", "rego": "opa", "openpolicyagent": "opa"}
_VENV_SEGMENT = re.compile(r"[A-Za-z0-9._+-]+", re.ASCII)

#: The Node.js options that a pack may set: those for error output and for module lookup. Not those for memory
#: limits, nor those that run other code first.
_NODE_ARGUMENTS = re.compile(
    r"--(?:no-)?(?:warnings|deprecation|trace-warnings|trace-deprecation|throw-deprecation|trace-uncaught)"
    r"|--(?:no-)?(?:enable-source-maps|preserve-symlinks|preserve-symlinks-main|experimental-require-module)"
    r"|--(?:no-)?experimental-(?:strip-types|transform-types)"
    r"|--(?:stack-trace-limit=[0-9]{1,4}|unhandled-rejections=[a-z-]{1,30}|conditions=[A-Za-z0-9._-]{1,40})"
    r"|--(?:disable-warning=[A-Za-z0-9_]{1,60}|dns-result-order=[a-z0-9]{1,20})",
    re.ASCII,
)

Option: TypeAlias = str | bool


class ManifestRuntime(NamedTuple):
    """A runtime's name, and those of its options that are known and valid."""

    name: str
    options: dict[str, Option]


def node_arguments(text: str) -> tuple[list[str], str]:
    """The arguments in `nodeargs`, and what is wrong with them ("" if nothing is)."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        return [], str(error)
    refused = [word for word in words if not _NODE_ARGUMENTS.fullmatch(word)]
    return words, f"{short(refused[0])} is not an option that a pack may give to Node.js" if refused else ""


def inside_pack(text: str) -> tuple[str, str]:
    """`text` as a normalised path relative to the pack's root, and why it is not one ("" if it is).

    The root itself is "". "." segments and repeated and final slashes are dropped, as the Pulumi CLI does
    with Go's filepath.Join.
    """
    if text.startswith("/") or re.match(r"[A-Za-z]:", text):
        return "", "it is absolute"
    if text.startswith("~"):
        return "", "'~' is not expanded by Pulumi and would be a directory of that name"
    segments = [segment for segment in text.split("/") if segment not in ("", ".")]
    if ".." in segments:
        return "", "it leaves the pack"
    path = "/".join(segments)
    return path, path_problem(path) if path else ""


def virtualenv_problem(text: str) -> tuple[str, str]:
    """The normalised path of a `virtualenv` option, and why it is not allowed ("" if it is).

    Stricter than for a pack's files: tools write this path into scripts and pass it on command lines.
    """
    path, problem = inside_pack(text)
    if problem:
        return "", problem
    if not path:
        return "", "it is the pack's own directory"
    if path.startswith("-"):
        return "", "a tool would read it as an option"
    if not all(_VENV_SEGMENT.fullmatch(segment) for segment in path.split("/")):
        return "", "it holds something other than letters, digits, '.', '_', '-' and '+'"
    return path, ""


def _where_it_belongs(key: str, parent: str) -> str:
    """A hint where to move a key that means nothing below `parent`; "" if it means nothing anywhere."""
    if parent != "runtime.options." and any(key in options for options in _OPTIONS.values()):
        return "it is an option of the runtime: indent it, so that it stands below `options:` of `runtime:`"
    if key == "options" and not parent:
        return "indent it, so that it stands below `runtime:`"
    if parent and key in TEXT_FIELDS:
        return "begin its line with it, without spaces: it is no part of `runtime:`"
    return ""


class RuntimeReader:
    """Reads the runtime of one manifest; what is wrong goes to `problems`."""

    def __init__(self, where: str, problems: Problems) -> None:
        self.where, self.problems = where, problems

    def read(self, root: Mapping) -> ManifestRuntime:
        """The runtime of a manifest; after an error its name is empty or an option is missing."""
        node = root.get("runtime")
        if node is None or (isinstance(node, Scalar) and node.is_null):
            close = next((key for key, _ in root.entries if key.text.strip().casefold() == "runtime"), None)
            hint = "add `runtime: python`"
            if close and node is None:
                hint = f"write `runtime` in place of {short(close.text)}"
            self._error("runtime", "the manifest has no runtime", node or close or root, hint)
            return ManifestRuntime("", {})
        if isinstance(node, Scalar):
            return ManifestRuntime(self._name(node)[0], {})
        if not isinstance(node, Mapping):
            self._error("runtime", "runtime must be a name, or a mapping with name and options", node)
            return ManifestRuntime("", {})
        self.warn_unknown(node, ("name", "options"), "runtime.")
        name = node.get("name")
        if not isinstance(name, Scalar) or name.is_null:
            self._error("runtime", "runtime has no name", name or node, "add `name: python` to it")
            return ManifestRuntime("", {})
        runtime, meant = self._name(name)
        options = node.get("options")
        if options is None or (isinstance(options, Scalar) and options.is_null):
            return ManifestRuntime(runtime, {})
        if not isinstance(options, Mapping):
            self._error(
                "options", "runtime.options must be a mapping", options, "write `virtualenv: venv` below it"
            )
            return ManifestRuntime(runtime, {})
        return ManifestRuntime(runtime, self._options(options, meant) if meant else {})

    def warn_unknown(self, mapping: Mapping, known: tuple[str, ...], parent: str = "") -> None:
        """Warn about every key of `mapping` that is not in `known`."""
        for key, _ in mapping.entries:
            if key.text in known:
                continue
            if not parent and key.text == "name":
                hint = (
                    "a pack's name is the first argument of PolicyPack(), or the Rego package; remove the key"
                )
            elif belongs := _where_it_belongs(key.text, parent):
                hint = belongs
            elif meant := nearest(key.text, known):
                hint = f"did you mean {meant}?"
            else:
                hint = f"known are {', '.join(known)}" if known else "this runtime has no options"
            message = f"Pulumi ignores the key {parent}{short(key.text)[1:-1]}"
            self.problems.warn("unknown-key", message, f"{self.where}:{key.place}", hint)

    def inside(self, node: Node, text: str, name: str, code: str) -> str | None:
        """`text` as a path inside the pack ("." for the root), or None after a problem."""
        path, problem = inside_pack(text)
        if problem:
            message = f"{name} {short(text)} cannot be used: {problem}"
            self._error(code, message, node, "write a path inside the pack, with forward slashes")
            return None
        return path or "."

    def _error(self, code: str, message: str, node: Node, hint: str = "") -> None:
        self.problems.error(code, message, f"{self.where}:{node.place}", hint)

    def _name(self, node: Scalar) -> tuple[str, str]:
        """The runtime, "" after an error, and the one that was probably meant, "" for none."""
        name = node.text
        if name in RUNTIMES:
            return name, name
        if name in OTHER_RUNTIMES:
            since, hint = OTHER_RUNTIMES[name]
            self._error("runtime", f"packreg does not run packs of the runtime {name}; {since}", node, hint)
            return "", ""
        folded = unicodedata.normalize("NFKC", name).strip().casefold()
        meant = _ALIASES.get(folded) or nearest(folded, RUNTIMES)
        hint = f"did you mean {meant}?" if meant else f"write one of {', '.join(RUNTIMES)}"
        odd = next((character for character in name if not character.isascii()), None)
        if odd:
            hint += f" The name holds U+{ord(odd):04X} {unicodedata.name(odd, 'without a name')}"
        message = f"{short(name)} is not a runtime; supported are {', '.join(RUNTIMES)}"
        self._error("runtime", message, node, hint)
        return "", meant

    def _options(self, mapping: Mapping, runtime: str) -> dict[str, Option]:
        self.warn_unknown(mapping, _OPTIONS[runtime], "runtime.options.")
        options: dict[str, Option] = {}
        for name in _OPTIONS[runtime]:
            node = mapping.get(name)
            if node is None:
                continue
            boolean = name in ("typescript", "production")
            value = self._boolean(name, node) if boolean else self._string(name, node)
            if value is not None and self._is_valid(name, value, node):
                options[name] = value
        return options

    def _boolean(self, name: str, node: Node) -> bool | None:
        if isinstance(node, Scalar) and not node.style and node.text in _BOOLEANS:
            return _BOOLEANS[node.text]
        self._error(
            "option-type", f"the {name} option must be true or false", node, "write it without quotes"
        )
        return None

    def _string(self, name: str, node: Node) -> str | None:
        if isinstance(node, Scalar) and node.is_string:
            return node.text
        hint = "put it in quotes"
        if isinstance(node, Scalar) and node.is_null:
            hint = "give it a value or remove it"
        self._error("option-type", f"the {name} option must be a string", node, hint)
        return None

    def _is_valid(self, name: str, value: Option, node: Node) -> bool:
        if isinstance(value, bool):
            return True
        choices = {
            "toolchain": TOOLCHAINS,
            "packagemanager": PACKAGE_MANAGERS,
            "typechecker": TYPECHECKERS,
        }.get(name)
        if choices and value not in choices:
            meant = nearest(value, choices)
            hint = f"did you mean {meant}?" if meant else f"it is one of {', '.join(choices)}"
            # Policy runs ignore the type checker; the other two options decide what is installed.
            tell = self.problems.warn if name == "typechecker" else self.problems.error
            tell("option-value", f"{short(value)} is not a {name}", f"{self.where}:{node.place}", hint)
            return False
        if name == "nodeargs":
            problem = node_arguments(value)[1]
            if problem:
                self._error("nodeargs", problem, node, "remove it; limits are set by whoever runs the pack")
            return not problem
        if name == "tsconfig":
            return self.inside(node, value, name, "tsconfig") is not None
        if name == "virtualenv":
            problem = virtualenv_problem(value)[1]
            if problem:
                message = f"the virtualenv {short(value)} cannot be used: {problem}"
                self._error(
                    "virtualenv", message, node, "name a directory inside the pack: `virtualenv: venv`"
                )
            return not problem
        return True
