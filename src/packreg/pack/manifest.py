"""PulumiPolicy.yaml: what a policy pack says about itself.

The fields and their types are those of the Pulumi CLI (`PolicyPackProject`) and of its language hosts, which
read a scalar as the text in the file. Stricter than the CLI, which would let a pack reach outside its own
directory, run with another runtime than its author meant, or be published under a version nobody wrote.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field

from packreg.errors import InvalidPack, Problem
from packreg.pack.files import MANIFEST
from packreg.pack.problems import Problems
from packreg.pack.runtime import TEXT_FIELDS, Option, RuntimeReader, virtualenv_problem
from packreg.pack.strict_yaml import Mapping, Scalar, read_yaml
from packreg.pack.text import BOM, LINE_BREAK, short
from packreg.pack.version import version_problem

INPUT_FORMATS = ("kubernetes-admission",)

_PLAIN = re.compile(r"[A-Za-z.][A-Za-z0-9._/+-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest that follows the rules.

    `options` are the runtime.options that the runtime knows, as written; unknown ones were warned about and
    left out. `virtualenv` and `main` are normalised paths relative to the pack ("./venv/" is "venv", the
    root is "."); the other texts are as written and may hold control characters: escape them before printing.
    """

    runtime: str
    options: AbstractMapping[str, Option] = field(default_factory=dict)
    virtualenv: str | None = None
    toolchain: str | None = None
    version: str | None = None
    main: str | None = None
    description: str | None = None
    author: str | None = None
    website: str | None = None
    license: str | None = None
    input_format: str | None = None

    def as_dict(self) -> dict[str, object]:
        """The manifest in the shape of the file, without unset fields."""
        runtime: object = self.runtime
        if self.options:
            runtime = {"name": self.runtime, "options": dict(self.options)}
        texts = {
            "version": self.version,
            "main": self.main,
            "description": self.description,
            "author": self.author,
            "website": self.website,
            "license": self.license,
            "inputFormat": self.input_format,
        }
        return {"runtime": runtime, **{key: text for key, text in texts.items() if text is not None}}


def missing_version(runtime: str) -> Problem:
    """The problem of a pack that has no version anywhere; says in which file of this runtime to write it."""
    if runtime == "nodejs":
        message = "the pack has no version, and the Pulumi SDK refuses to run it"
        return Problem("version-missing", message, "package.json", 'add "version": "1.0.0"')
    instead = "as 0.0.1" if runtime == "python" else "under a number of its own"
    message = f"the pack has no version; Pulumi would silently publish it {instead}"
    return Problem("version-missing", message, MANIFEST, "add the line `version: 1.0.0`")


def parse_manifest(data: bytes, problems: Problems, *, limit: int = 64 * 1024) -> Manifest | None:
    """Read and check a manifest of at most `limit` bytes; None when there was an error.

    Every error and warning goes to `problems`, with line and column.
    """
    found = len(problems.errors)
    root = read_yaml(data, MANIFEST, problems, limit=limit)
    if root is None:
        return None
    place = f"{MANIFEST}:{root.place}"
    if isinstance(root, Scalar) and root.is_null:
        problems.error("runtime", "the manifest is empty", place, "write at least `runtime` and `version`")
        return None
    if not isinstance(root, Mapping):
        problems.error("not-a-mapping", "the manifest is not a mapping", place, "write `runtime: python`")
        return None
    manifest = _read_fields(root, problems)
    return manifest if len(problems.errors) == found else None


def _read_fields(root: Mapping, problems: Problems) -> Manifest:
    reader = RuntimeReader(MANIFEST, problems)
    runtime, options = reader.read(root)
    reader.warn_unknown(root, ("runtime", *TEXT_FIELDS))
    texts = {name: _text(name, root, problems) for name in TEXT_FIELDS}
    version, main, input_format = (texts[name] for name in ("version", "main", "inputFormat"))
    if version is not None:
        problem, fix = version_problem(version)
        if problem:
            message = f"{short(version)} is not a version: {problem}"
            problems.error("version", message, _where(root, "version"), fix)
    main_node = root.get("main")
    if main is not None and main_node is not None:
        main = reader.inside(main_node, main, "main", "main")
    if input_format is not None and input_format not in INPUT_FORMATS:
        message = f"{short(input_format)} is not an input format"
        problems.error("input-format", message, _where(root, "inputFormat"), f"write {INPUT_FORMATS[0]}")
    elif input_format is not None and runtime not in ("opa", ""):
        message = f"inputFormat has no effect on a {runtime} pack"
        problems.warn("input-format", message, _where(root, "inputFormat"), "remove it")
    virtualenv, toolchain = options.get("virtualenv"), options.get("toolchain")
    return Manifest(
        runtime=runtime,
        options=options,
        virtualenv=virtualenv_problem(virtualenv)[0] if isinstance(virtualenv, str) else None,
        toolchain=toolchain if isinstance(toolchain, str) else None,
        version=version,
        main=main,
        description=texts["description"],
        author=texts["author"],
        website=texts["website"],
        license=texts["license"],
        input_format=input_format,
    )


def _text(name: str, root: Mapping, problems: Problems) -> str | None:
    node = root.get(name)
    if node is None:
        return None
    if not isinstance(node, Scalar):
        problems.error(
            "not-text", f"{name} must be text", _where(root, name), f"write `{name}: …` on one line"
        )
        return None
    if node.is_null or (not node.text and name != "version"):
        return None
    if any(unicodedata.category(c) in ("Cc", "Cf") and c not in "\n\t" for c in node.text):
        message = f"{name} holds control or invisible characters"
        problems.warn("odd-character", message, _where(root, name), "remove them")
    return node.text


def _where(root: Mapping, name: str) -> str:
    node = root.get(name) or root
    return f"{MANIFEST}:{node.place}"


def with_virtualenv(data: bytes, path: str) -> bytes:
    """The manifest with runtime.options.virtualenv set to `path`; every other byte stays as it is.

    Comments, unknown keys, order, quoting, line ends, the byte order mark and a missing final line break are
    kept; apart from the option, the result reads as the same manifest.

    Raises:
        InvalidPack: `data` is not a valid manifest of a python pack, or `path` is no valid path for a virtual
            environment.
    """
    problems = Problems()
    before = parse_manifest(data, problems, limit=max(len(data), 1))
    if before is None:
        raise InvalidPack(f"{MANIFEST} is not valid", tuple(problems.errors))
    problem = virtualenv_problem(path)[1]
    if problem or before.runtime != "python":
        raise InvalidPack(f"cannot set virtualenv to {short(path)}: {problem or 'not a python pack'}")
    text = data.decode("utf-8")
    mark = BOM if text.startswith(BOM) else ""
    text = text.removeprefix(BOM)
    root = read_yaml(data, MANIFEST, problems, limit=len(data))
    assert isinstance(root, Mapping)
    start, end, new = _edit(root, text, path)
    return (mark + text[:start] + new + text[end:]).encode("utf-8")


def _edit(root: Mapping, text: str, path: str) -> tuple[int, int, str]:
    """The part of `text` to replace, as start and end offsets, and its replacement."""
    value = path if _PLAIN.fullmatch(path) and Scalar(path, "", root.place).is_string else json.dumps(path)
    entry = f"virtualenv: {value}"
    runtime = root.get("runtime")
    if isinstance(runtime, Scalar):
        name = (
            text[runtime.place.start : runtime.place.end] if runtime.style not in ("|", ">") else runtime.text
        )
        return _replace(runtime, text, f"{{name: {name}, options: {{{entry}}}}}")
    assert isinstance(runtime, Mapping)
    options = runtime.get("options")
    if options is None:
        return _add(runtime, text, f"options: {{{entry}}}")
    if isinstance(options, Scalar):  # null in one of its spellings
        return _replace(options, text, f"{{{entry}}}")
    assert isinstance(options, Mapping)
    old = options.get("virtualenv")
    if isinstance(old, Scalar):
        quote = old.style if old.style in ("'", '"') else ""
        return _replace(old, text, f"{quote}{path}{quote}" if quote else value)
    return _add(options, text, entry)


def _replace(node: Scalar, text: str, new: str) -> tuple[int, int, str]:
    """The edit that replaces a scalar by `new`: start, end, replacement."""
    start, end = node.place.start, node.place.end
    if node.style in ("|", ">"):  # its text runs up to the next line
        return start, end, new + text[start + len(text[start:end].rstrip()) : end]
    if start == end:  # nothing stands there, in `{options}` not even a colon
        new = f" {new}" if text[start - 1] == ":" else f": {new}"
    return start, end, new


def _add(mapping: Mapping, text: str, entry: str) -> tuple[int, int, str]:
    """The edit that puts `entry` before the first entry of a mapping, in its style: start, end, new text."""
    if mapping.flow:
        at = mapping.place.start + 1
        return at, at, f"{entry}, " if mapping.entries else entry
    at = mapping.entries[0][0].place.start
    line_break = LINE_BREAK.search(text)
    assert line_break is not None  # an indented mapping is not on the first line
    return at, at, f"{entry}{line_break[0]}{re.split(LINE_BREAK, text[:at])[-1]}"
