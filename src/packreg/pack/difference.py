"""What differs between two packs' files. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from difflib import unified_diff
from typing import TYPE_CHECKING

from packreg.pack.files import MANIFEST
from packreg.pack.manifest import parse_manifest
from packreg.pack.package_json import parse_package_json
from packreg.pack.problems import Problems
from packreg.pack.requirements import parse_requirements

if TYPE_CHECKING:
    from packreg.pack.files import File, Files

#: Files with more bytes are compared, but their lines are not shown.
MOST_TEXT = 1_000_000
#: git's blob ids of no file and of an empty file: `patch` needs them where a change has no lines.
_NONE, _EMPTY = "0000000", "e69de29"


@dataclass(frozen=True)
class PackDifference:
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


def compare(old: Files, new: Files) -> PackDifference:
    """What changed from `old` to `new`; a changed executable bit is a change."""
    before, after = requirements(old), requirements(new)
    return PackDifference(
        added=tuple(sorted(new.keys() - old.keys())),
        removed=tuple(sorted(old.keys() - new.keys())),
        changed=tuple(sorted(path for path in old.keys() & new.keys() if old[path] != new[path])),
        requirements_added=tuple(sorted(after - before)),
        requirements_removed=tuple(sorted(before - after)),
        manifest=_fields(old, new),
    )


def requirements(files: Files) -> set[str]:
    """The dependencies that a pack declares: lines of requirements.txt, or `name range` of package.json."""
    found: set[str] = set()
    if "requirements.txt" in files:
        read = parse_requirements(files, "requirements.txt", Problems())
        if read is not None:
            found |= {*read.lines, *(f"{line} (constraint)" for line in read.constraints)}
    if "package.json" in files:
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


def unified(old: Files, new: Files, found: PackDifference) -> list[str]:
    """The changed lines of text files as a patch in git's format, without line ends.

    `git apply` and `patch -p1` turn the old text files into the new ones with it. A changed file that is not
    text has only a line that says so, which both programs skip.
    """
    lines = []
    for path in sorted({*found.added, *found.removed, *found.changed}):
        before, after = _lines(old.get(path)), _lines(new.get(path))
        if before is None or after is None:
            lines.append(f"{path}: not shown: it is binary or too large")
        else:
            names = [
                f"{side}/{path}" if path in files else "/dev/null"
                for side, files in (("old", old), ("new", new))
            ]
            lines += _head(path, old.get(path), new.get(path)) + _hunks(names, before, after)
    return lines


def _head(path: str, old: File | None, new: File | None) -> list[str]:
    """The lines in front of the changed lines of a file: its path and its mode."""
    head = [f"diff --git old/{path} new/{path}"]
    if old is None:
        head.append(f"new file mode {_mode(new)}")
        if new and not new.data:
            head.append(f"index {_NONE}..{_EMPTY}")
    elif new is None:
        head.append(f"deleted file mode {_mode(old)}")
        if not old.data:
            head.append(f"index {_EMPTY}..{_NONE}")
    elif old.executable != new.executable:
        head += [f"old mode {_mode(old)}", f"new mode {_mode(new)}"]
    return head


def _mode(file: File | None) -> str:
    return "100755" if file is not None and file.executable else "100644"


def _hunks(names: list[str], before: list[str], after: list[str]) -> list[str]:
    """The changed lines of one file, below its names."""
    # a tab marks the end of a name with spaces, as git and diff write it
    old, new = (f"{name}\t" if " " in name else name for name in names)
    lines = []
    for line in unified_diff(before, after, old, new):
        lines.append(line.removesuffix("\n"))
        if not line.endswith("\n"):
            lines.append("\\ No newline at end of file")
    return lines


def _lines(file: File | None) -> list[str] | None:
    """The lines of a text file with their line ends; [] for no file, None for one that cannot be shown."""
    if file is None:
        return []
    if len(file.data) > MOST_TEXT or b"\0" in file.data:
        return None
    try:
        *lines, rest = file.data.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        return None
    return [f"{line}\n" for line in lines] + ([rest] if rest else [])
