"""What differs between two packs' files. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packreg.pack.files import File, Files

MANIFEST = "PulumiPolicy.yaml"
#: Files with more bytes are compared, but their lines are not shown.
MOST_TEXT = 1_000_000


@dataclass(frozen=True)
class Difference:
    """Paths, requirement lines and manifest fields (dotted key -> value before and after, "-" for none)."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    requirements_added: tuple[str, ...] = ()
    requirements_removed: tuple[str, ...] = ()
    manifest: dict[str, tuple[str, str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def as_json(self) -> dict[str, object]:
        """As `--json` prints it."""
        return {
            "same": not self,
            "files": {"added": self.added, "removed": self.removed, "changed": self.changed},
            "requirements": {"added": self.requirements_added, "removed": self.requirements_removed},
            "manifest": {key: {"old": old, "new": new} for key, (old, new) in self.manifest.items()},
        }


def compare(old: Files, new: Files) -> Difference:
    """What changed from `old` to `new`; a changed executable bit is a change."""
    before, after = requirements(old), requirements(new)
    return Difference(
        added=tuple(sorted(new.keys() - old.keys())),
        removed=tuple(sorted(old.keys() - new.keys())),
        changed=tuple(sorted(path for path in old.keys() & new.keys() if old[path] != new[path])),
        requirements_added=tuple(sorted(after - before)),
        requirements_removed=tuple(sorted(before - after)),
        manifest=_fields(old, new),
    )


def requirements(files: Files) -> set[str]:
    """The dependencies that a pack asks for: lines of requirements.txt, or `name range` of package.json."""
    from packreg.pack.problems import Problems
    from packreg.pack.requirements import parse_requirements

    found: set[str] = set()
    if "requirements.txt" in files:
        read = parse_requirements(files, "requirements.txt", Problems())
        if read is not None:
            found |= {*read.lines, *(f"{line} (constraint)" for line in read.constraints)}
    if "package.json" in files:
        from packreg.pack.package_json import parse_package_json

        package = parse_package_json(files["package.json"].data, Problems())
        if package is not None:
            groups = package.dependencies.values()
            found |= {f"{name} {wanted}" for group in groups for name, wanted in group.items()}
    return found


def _fields(old: Files, new: Files) -> dict[str, tuple[str, str]]:
    before, after = _manifest(old), _manifest(new)
    keys = sorted(before.keys() | after.keys())
    pairs = {key: (before.get(key, "-"), after.get(key, "-")) for key in keys}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def _manifest(files: Files) -> dict[str, str]:
    """The manifest by dotted keys; empty if it cannot be read (it then differs as a file)."""
    from packreg.pack.manifest import parse_manifest
    from packreg.pack.problems import Problems

    manifest = parse_manifest(files[MANIFEST].data, Problems()) if MANIFEST in files else None
    return {} if manifest is None else _flat("", manifest.as_dict())


def _flat(prefix: str, value: object) -> dict[str, str]:
    if isinstance(value, dict):
        return {
            k: v
            for word, inner in value.items()
            for k, v in _flat(f"{prefix}.{word}".lstrip("."), inner).items()
        }
    return {} if value is None else {prefix: value if isinstance(value, str) else json.dumps(value)}


def unified(old: Files, new: Files, found: Difference) -> list[str]:
    """The changed lines of text files, as `diff -u` shows them, and a line for each file that is not text."""
    from difflib import unified_diff

    lines = []
    for path in sorted({*found.added, *found.removed, *found.changed}):
        before, after = _lines(old.get(path)), _lines(new.get(path))
        if before is None or after is None:
            lines.append(f"{path}: not shown: it is not text, or is large")
            continue
        names = (
            "/dev/null" if path not in old else f"old/{path}",
            "/dev/null" if path not in new else f"new/{path}",
        )
        lines += unified_diff(before, after, *names, lineterm="")
        if path in old and path in new and old[path].executable != new[path].executable:
            lines.append(f"{path}: {'is' if new[path].executable else 'is no longer'} executable")
    return lines


def _lines(file: File | None) -> list[str] | None:
    """The lines of a text, none for no file, None for what cannot be shown."""
    if file is None:
        return []
    if len(file.data) > MOST_TEXT or b"\0" in file.data:
        return None
    try:
        return file.data.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        return None
