"""Check whether a Pulumi project replaces the guard, in its directory form, by a program of its own.

The Pulumi CLI finds the program that runs this form by name: an analyzer `policy-packreg` or a language host
`packreg`. It looks among the `plugins` of the project's Pulumi.yaml first (`workspace.GetPluginPath`). The
project belongs to those who are judged, so a file that cannot be read here exactly as the CLI reads it counts
as a replacement.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from packreg.errors import UsageError
from packreg.files import read_file

_NAMES = frozenset({"policy-packreg", "packreg"})
_FILES = ("Pulumi.json", "Pulumi.yaml", "Pulumi.yml")
MAX_BYTES = 1 << 20
MAX_DEPTH = 100
#: `--cwd`, and `-C` also after other one-letter flags, as pflag reads them.
_CWD = re.compile(r"(?:--cwd(?:=|$)|-[A-Za-z]*?C=?)(.*)", re.DOTALL)
_HINT = "take that plugin out, or upgrade the Pulumi CLI to 3.255.0, whose guard no project can replace"


def refuse_replacement(words: Sequence[str], environ: Mapping[str, str], cwd: Path) -> None:
    """Check each project that a command line of the Pulumi CLI may use; `environ` is the CLI's environment.

    Raises:
        UsageError: a project replaces the guard, or cannot be read.
    """
    for directory in _directories(words, environ, cwd):
        for file in _project_files(directory):
            try:
                data = read_file(file, MAX_BYTES, beginning=True)
            except OSError as error:
                raise UsageError(f"{file} cannot be read: {error.strerror}", hint=_HINT) from None
            why = why_not(data)
            if why:
                raise UsageError(f"{file} {why}, so the CLI might run without the guard", hint=_HINT)


def why_not(data: bytes) -> str:
    """How a project's file replaces the guard or cannot be read, as the end of a sentence; "" if neither."""
    if len(data) > MAX_BYTES:
        return f"is larger than {MAX_BYTES >> 20} MiB"
    try:
        named = set(_plugin_words(data))
    except (yaml.YAMLError, _Unread, UnicodeError, ValueError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        return f"cannot be read ({first})"
    found = sorted(named & _NAMES)
    return f"names the plugin {found[0]}" if found else ""


class _Unread(Exception):
    """YAML that the Pulumi CLI may read but this module does not."""


class _Loader(yaml.SafeLoader):
    """Composes nodes to a bounded depth."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: object) -> yaml.Node | None:
        """One node with all below it."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _Unread("it nests too deep")
        try:
            return super().compose_node(parent, index)  # type: ignore[arg-type]
        finally:
            self.depth -= 1


def _plugin_words(data: bytes) -> Iterator[str]:
    """Each scalar below a key `plugins`, at any depth, also through anchors and merges, in lower case."""
    loader = _Loader(io.BytesIO(data))
    try:
        root = loader.get_single_node()
    finally:
        loader.dispose()
    seen: set[tuple[int, bool]] = set()
    waiting: list[tuple[yaml.Node | None, bool]] = [(root, False)]
    while waiting:
        node, wanted = waiting.pop()
        if node is None or (id(node), wanted) in seen:
            continue
        seen.add((id(node), wanted))
        if node.tag.endswith(":binary"):
            raise _Unread("it has base64 text")
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                is_plugins = isinstance(key, yaml.ScalarNode) and key.value.casefold() == "plugins"
                waiting += [(key, wanted), (value, wanted or is_plugins)]
        elif isinstance(node, yaml.SequenceNode):
            waiting += [(item, wanted) for item in node.value]
        elif wanted:
            yield str(node.value).casefold()


def _directories(words: Sequence[str], environ: Mapping[str, str], cwd: Path) -> Iterator[Path]:
    """The directories where the CLI may work: this one, and those that an option or its variable names."""
    yield cwd
    yield cwd.resolve()
    given = [environ.get("PULUMI_OPTION_CWD", "")]
    for index, word in enumerate(words):
        if found := _CWD.fullmatch(word):
            given += [found[1], *words[index + 1 : index + 2]]
    for word in given:
        if word and Path(cwd, word).is_dir():
            yield Path(cwd, word)
            yield Path(cwd, word).resolve()


def _project_files(directory: Path) -> Iterator[Path]:
    """All project files of the nearest directory upwards that has any; the CLI takes only the first."""
    for place in (directory, *directory.parents):
        found = [place / name for name in _FILES if (place / name).is_file()]
        if found:
            yield from found
            return
