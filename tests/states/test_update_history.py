"""What changed a stack."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from packreg.errors import InvalidState, NotFound
from packreg.states.backend import StackEntry
from packreg.states.places import open_place
from packreg.states.update_history import Update, list_changes, read_change
from tests.states.conftest import Backend

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


def updates(url: str, stack: StackEntry = STACK) -> list[Update]:
    """The changes of the stack in this backend."""
    place = open_place(url, cwd=Path("/nowhere"))
    return [read_change(change, place) for change in list_changes(stack, place)]


def test_changes_are_listed_the_oldest_first(backend: Backend) -> None:
    """Kind, beginning and end of each; what other stacks did is not among them."""
    others = history("update", "update", "update", folder="shop/dev-2", name="dev-2")
    url = backend({**history("update", "refresh"), **others, **history("update", folder="blog/dev")})
    assert updates(url) == [
        Update("update", 1795361560.0, 1795361568.5, True, True),
        Update("refresh", 1795361561.0, 1795361569.5, True, True),
    ]


@pytest.mark.parametrize(
    ("more", "succeeded", "touched"),
    [
        ({"result": "failed"}, False, True),
        ({"result": "failed", "resourceChanges": {"same": 3}}, False, False),
        ({"result": "failed", "resourceChanges": {}}, False, False),
        ({"result": "failed", "resourceChanges": None}, False, False),
        ({"resourceChanges": {"same": 3}}, True, True),
        ({"result": "a new word"}, False, True),
    ],
)
def test_how_a_change_ended(tmp_path: Path, more: dict[str, object], succeeded: bool, touched: bool) -> None:
    """One that failed before it did anything touched nothing."""
    folder = tmp_path / ".pulumi" / "history" / "shop" / "dev"
    folder.mkdir(parents=True)
    (folder / "dev-1795361568000000000.history.json").write_text(json.dumps({**ENTRY, **more}))
    [update] = updates(f"file://{tmp_path}")
    assert (update.succeeded, update.touched) == (succeeded, touched)


def test_no_history_is_empty(backend: Backend) -> None:
    """What that means is for others to say."""
    assert updates(backend({".pulumi/meta.yaml": b"version: 1"})) == []


def test_a_legacy_backend_has_it_by_stack(backend: Backend) -> None:
    """Without the project, and packed where the CLI packs."""
    files = {f"{name}.gz": gzip.compress(data) for name, data in history("update", folder="dev").items()}
    assert len(updates(backend(files), StackEntry("", "dev", "", 0.0))) == 1


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
        '{"kind": "update", "startTime": 1, "resourceChanges": [1]}',
        "[" * 10**5,
    ):
        (folder / "dev-1795361568000000000.history.json").write_text(text)
        with pytest.raises(InvalidState, match="not an entry of a stack's history"):
            updates(f"file://{tmp_path}")


def test_an_entry_that_is_gone_meanwhile_is_said(tmp_path: Path) -> None:
    """It was listed, so it is missing."""
    folder = tmp_path / ".pulumi" / "history" / "shop" / "dev"
    folder.mkdir(parents=True)
    (folder / "dev-1795361568000000000.history.json").write_text("{}")
    place = open_place(f"file://{tmp_path}", cwd=Path("/nowhere"))
    [change] = list_changes(STACK, place)
    (folder / "dev-1795361568000000000.history.json").unlink()
    with pytest.raises(NotFound):
        read_change(change, place)
