"""The shapes of a file of governance in YAML: mappings, lists, texts, checked where they stand. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from packreg.pack import strict_yaml as yaml
from packreg.pack.problems import Problems
from packreg.pack.text import short
from packreg.text import nearest


class FileShapes:
    """Reads parts of one file, collecting everything that is wrong with it in `problems`."""

    def __init__(self, where: str, problems: Problems) -> None:
        self.where, self.problems = where, problems

    def members(self, node: yaml.Node, what: str, known: tuple[str, ...]) -> dict[str, yaml.Node]:
        """The members of a mapping that are not null; one that is not known is wrong."""
        for key, _ in self.entries(node, what):
            if key.text not in known:
                close = nearest(key.text, known)
                hint = f"did you mean {close}?" if close else f"write one of {', '.join(known)}"
                self.wrong(key, f"{what} has no key {short(key.text)}", hint)
        return {key.text: value for key, value in self.entries(node, what) if not is_nothing(value)}

    def entries(self, node: yaml.Node, what: str) -> tuple[tuple[yaml.Scalar, yaml.Node], ...]:
        """The keys and values of a mapping; none of null."""
        if isinstance(node, yaml.Mapping):
            return node.entries
        if not is_nothing(node):
            self.wrong(node, f"{what} must be a mapping")
        return ()

    def items(self, found: Mapping[str, yaml.Node], what: str) -> tuple[yaml.Node, ...]:
        """The items of a list in a mapping; none where there is none."""
        node = found.get(what)
        if isinstance(node, yaml.Sequence):
            return node.items
        if node is not None:
            self.wrong(node, f"{what} must be a list", f"write {what}: [one, other]")
        return ()

    def word(self, node: yaml.Node, words: tuple[str, ...]) -> str | None:
        """One of the words; None where it is none of them."""
        text = self.text(node, "it")
        if text in words:
            return text
        self.wrong(node, f"{short(text)} is neither {' nor '.join(words)}")
        return None

    def text(self, node: yaml.Node, what: str, *, quoted: bool = True) -> str:
        """A text; unless `quoted` a number is one, too."""
        if isinstance(node, yaml.Scalar) and (node.is_string or (not quoted and not node.is_null)):
            return node.text
        self.wrong(node, f"{what} must be text", "put it in quotes" if isinstance(node, yaml.Scalar) else "")
        return "?"

    def wrong(self, node: yaml.Node, message: str, hint: str = "") -> None:
        """Something is wrong where a node stands."""
        self.problems.error("group-file", message, f"{self.where}:{node.place}", hint)


def is_nothing(node: yaml.Node) -> bool:
    """Whether it is null, or not there."""
    return isinstance(node, yaml.Scalar) and node.is_null
