"""What last changed a stack."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from packreg.analysis.backend import StackEntry
from packreg.analysis.places import open_place
from packreg.analysis.update_history import Update, last_judged_update
from packreg.errors import InvalidState, NotFound
from tests.analysis.conftest import Backend

STACK = StackEntry("shop", "dev", ".pulumi/stacks/shop/dev.json", 0.0)
#: As the Pulumi CLI 3.259 writes it, without the environment.
ENTRY = {
    "kind": "update",
    "startTime": 1795361560,
    "message": "",
    "environment": {"exec.kind": "cli"},
    "config": {},
    "version": 0,
    "result": "succeeded",
    "endTime": 1795361568,
    "resourceChanges": {"create": 1},
}


def history(*kinds: str, folder: str = "shop/dev", name: str = "dev") -> dict[str, bytes]:
    """The files of these changes, a second apart, the oldest first; each with its checkpoint."""
    files = {}
    for number, kind in enumerate(kinds):
        base = f".pulumi/history/{folder}/{name}-{1795361568 + number}500000000"
        entry = {**ENTRY, "kind": kind, "startTime": 1795361560 + number}
        files[f"{base}.history.json"] = json.dumps(entry).encode()
        files[f"{base}.checkpoint.json"] = b"{}"
        files[f"{base}.history.json.attrs"] = b"{}"
    return files


def last(url: str, stack: StackEntry = STACK) -> Update | None:
    """The last update of the stack in this backend."""
    return last_judged_update(stack, open_place(url, cwd=Path("/nowhere")))


def test_the_newest_update_is_found(backend: Backend) -> None:
    """Its kind, its beginning and its end; what other stacks did is not looked at."""
    others = history("update", "update", "update", folder="shop/dev-2", name="dev-2")
    url = backend({**history("update", "update"), **others, **history("update", folder="blog/dev")})
    assert last(url) == Update("update", 1795361561.0, 1795361569.5)


def test_what_starts_no_analyzer_is_passed_over(backend: Backend) -> None:
    """A refresh, an import or a destroy after the update is none that packs would have judged."""
    url = backend(history("update", "refresh", "import", "destroy"))
    assert last(url) == Update("update", 1795361560.0, 1795361568.5)
    assert (
        last(backend(history("destroy", folder="shop/x", name="x")), StackEntry("shop", "x", "", 0.0)) is None
    )


def test_changes_that_were_not_read_may_be_updates(backend: Backend) -> None:
    """Behind many refreshes there may be an update, which is said instead of taken for none."""
    assert last(backend(history(*["refresh"] * 20))) is None
    url = backend(history("update", *["refresh"] * 20))
    with pytest.raises(NotFound, match="the last 20 of 21 changes below"):
        last(url)


def test_no_history_says_nothing(backend: Backend) -> None:
    """A backend can be without."""
    assert last(backend({".pulumi/meta.yaml": b"version: 1"})) is None


def test_a_legacy_backend_has_it_by_stack(backend: Backend) -> None:
    """Without the project, and packed where the CLI packs."""
    files = {f"{name}.gz": gzip.compress(data) for name, data in history("update", folder="dev").items()}
    assert last(backend(files), StackEntry("", "dev", "", 0.0)) is not None


def test_a_damaged_entry_is_an_error(tmp_path: Path) -> None:
    """Whether the update was judged is then not known, which is said and not guessed."""
    folder = tmp_path / ".pulumi" / "history" / "shop" / "dev"
    folder.mkdir(parents=True)
    for text in (
        "",
        "[]",
        "{}",
        '{"kind": 1, "startTime": 1}',
        '{"kind": "update", "startTime": true}',
        "[" * 10**5,
    ):
        (folder / "dev-1795361568000000000.history.json").write_text(text)
        with pytest.raises(InvalidState, match="no entry of a stack's history"):
            last(f"file://{tmp_path}")
