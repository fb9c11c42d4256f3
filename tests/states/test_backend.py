"""Finding a stack's checkpoint in a self-managed backend, in a directory and in a bucket alike."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from packreg.errors import InvalidState, NotFound, UsageError
from packreg.states.backend import (
    StackEntry,
    StackName,
    find_stack,
    list_stacks,
    read_checkpoint,
    read_stack,
)
from packreg.states.places import open_place
from packreg.states.sources import read_source
from tests.states.conftest import Backend
from tests.states.recordings import PROGRAM
from tests.store.ministack import client

CHECKPOINT = (PROGRAM / "checkpoint.json").read_bytes()  # of the project "rich", the stack "richdev"
META = {".pulumi/meta.yaml": b"version: 1\n"}
ELSEWHERE = Path("/nowhere")


def where_of(stack: str, url: str) -> str:
    """The end of the name of the checkpoint that is found."""
    place = open_place(url, cwd=ELSEWHERE)
    return read_checkpoint(find_stack(StackName.parse(stack), place).file, place).where


@pytest.mark.parametrize("stack", ["organization/rich/richdev", "richdev", "organization/richdev"])
def test_a_stack_of_a_project_is_found(backend: Backend, stack: str) -> None:
    """With its project, or without it where only one project has a stack of that name."""
    url = backend(
        {**META, ".pulumi/stacks/rich/richdev.json": CHECKPOINT, ".pulumi/stacks/x/other.json": b""}
    )
    snapshot = read_stack(stack, open_place(url, cwd=ELSEWHERE), passphrase="x")
    assert len(snapshot) == 10
    assert snapshot.where.endswith(".pulumi/stacks/rich/richdev.json")
    assert snapshot.notes == ()


@pytest.mark.parametrize("meta", [{}, {".pulumi/meta.yaml": b"version: 0"}])
@pytest.mark.parametrize("stack", ["richdev", "organization/rich/richdev"])
def test_a_stack_of_a_legacy_backend_is_found(backend: Backend, meta: dict[str, bytes], stack: str) -> None:
    """Its layout knows no projects; a project that is asked for must be that of the resources."""
    url = backend({**meta, ".pulumi/stacks/richdev.json": CHECKPOINT})
    assert len(read_stack(stack, open_place(url, cwd=ELSEWHERE))) == 10
    with pytest.raises(NotFound, match="of the project 'rich', not of 'blog'"):
        read_stack("organization/blog/richdev", open_place(url, cwd=ELSEWHERE))


def test_a_packed_checkpoint_is_unpacked(backend: Backend) -> None:
    """The CLI writes it with gzip when it is told to."""
    url = backend({**META, ".pulumi/stacks/rich/richdev.json.gz": gzip.compress(CHECKPOINT)})
    assert len(read_stack("richdev", open_place(url, cwd=ELSEWHERE))) == 10


def test_a_checkpoint_packed_with_zstd_is_unpacked(backend: Backend) -> None:
    """The CLI writes it with zstd, too, when it is told to."""
    zstd = pytest.importorskip("backports.zstd")
    url = backend({**META, ".pulumi/stacks/rich/richdev.json.zst": zstd.compress(CHECKPOINT)})
    assert len(read_stack("richdev", open_place(url, cwd=ELSEWHERE))) == 10
    assert listed(url) == [("rich", "richdev", "richdev.json.zst")]


def test_of_two_forms_the_one_written_last_counts(tmp_path: Path) -> None:
    """Turning compression on leaves the plain file there until it is replaced."""
    folder = tmp_path / ".pulumi" / "stacks" / "rich"
    folder.mkdir(parents=True)
    (tmp_path / ".pulumi" / "meta.yaml").write_text("version: 1")
    for name, second in (("richdev.json", 10), ("richdev.json.gz", 20), ("richdev.json.bak", 30)):
        (folder / name).write_bytes(gzip.compress(CHECKPOINT))
        os.utime(folder / name, (second, second))
    assert where_of("richdev", f"file://{tmp_path}").endswith("richdev.json.gz")
    os.utime(folder / "richdev.json", (30, 30))
    assert where_of("richdev", f"file://{tmp_path}").endswith("richdev.json")
    os.utime(folder / "richdev.json.gz", (30, 30))
    assert where_of("richdev", f"file://{tmp_path}").endswith("richdev.json.gz"), "as the CLI chooses"


def test_backups_and_longer_names_are_other_files(backend: Backend) -> None:
    """A stack is found by its whole name."""
    files = (
        "richdev.json.bak",
        "richdev.json.gz.bak",
        "richdev2.json",
        "richdev.json.attrs",
        "xrichdev.json",
    )
    url = backend({**META, **{f".pulumi/stacks/rich/{name}": CHECKPOINT for name in files}})
    with pytest.raises(NotFound) as missing:
        where_of("organization/rich/richdev", url)
    assert "has no stack 'rich/richdev'" in str(missing.value)
    assert missing.value.hint == "it has rich/richdev2, rich/xrichdev"


def test_a_name_of_several_projects_must_be_told_apart(backend: Backend) -> None:
    """Guessing would judge the wrong stack."""
    url = backend({**META, ".pulumi/stacks/a/dev.json": CHECKPOINT, ".pulumi/stacks/b/dev.json": CHECKPOINT})
    with pytest.raises(UsageError) as ambiguous:
        where_of("dev", url)
    assert ambiguous.value.hint == "give one of organization/a/dev, organization/b/dev"
    assert where_of("organization/b/dev", url).endswith(".pulumi/stacks/b/dev.json")


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        (b"version: 2", "says version 2"),
        (b"version: yes", "has no version"),
        (b"version: true", "has no version"),
        (b"", "has no version"),
        (b"\xff\xfev\0", "has no version"),
        (b"version: 1\nversion: 0", "has no version"),
        (b"version: 10000000000", "has no version"),
        (b"x" * 65_537, "more than 65536 bytes"),
    ],
)
def test_an_unknown_layout_is_refused(tmp_path: Path, meta: bytes, said: str) -> None:
    """A layout of the future is not guessed at."""
    (tmp_path / ".pulumi").mkdir()
    (tmp_path / ".pulumi" / "meta.yaml").write_bytes(meta)
    with pytest.raises(InvalidState, match=said):
        where_of("dev", f"file://{tmp_path}")


def test_an_empty_backend_is_said(backend: Backend) -> None:
    """Most often the URL is one directory off."""
    url = backend({"README.md": b""})
    with pytest.raises(NotFound) as missing:
        where_of("dev", url)
    assert "no stacks at all" in missing.value.hint


def test_stacks_of_the_other_layout_are_not_offered(backend: Backend) -> None:
    """Without its file of the layout, a backend by project has no stack that could be asked for."""
    url = backend({".pulumi/stacks/rich/richdev.json": CHECKPOINT})
    with pytest.raises(NotFound) as caught:
        read_stack("organization/rich/richdev", open_place(url, cwd=ELSEWHERE))
    assert "laid out differently than .pulumi/meta.yaml says" in caught.value.hint


def test_a_backend_can_be_a_whole_bucket(state_bucket: str, aws: None) -> None:
    """Without a prefix its files are at the root."""
    s3 = client(state_bucket)
    s3.create_bucket(Bucket="whole")
    s3.put_object(Bucket="whole", Key=".pulumi/stacks/richdev.json", Body=CHECKPOINT)
    url = f"s3://whole?endpoint={state_bucket}&use_path_style=true&region=us-east-1"
    assert where_of("richdev", url) == "s3://whole/.pulumi/stacks/richdev.json"


def test_a_file_in_a_bucket_can_be_read_by_itself(backend: Backend) -> None:
    """A state need not be a backend's."""
    url = backend({"exports/state.json.gz": gzip.compress(CHECKPOINT)})
    base, _, query = url.partition("?")
    location = f"{base.rstrip('/')}/exports/state.json.gz?{query}"
    source = read_source(location, cwd=ELSEWHERE)
    assert source.data == CHECKPOINT
    assert "endpoint" not in source.where
    with pytest.raises(NotFound):
        read_source(location.replace("state", "none"), cwd=ELSEWHERE)
    with pytest.raises(InvalidState, match="more than 100 bytes"):
        read_source(location, cwd=ELSEWHERE, limit=100)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a/b/c/d",
        "acme/p/s",
        "organization//s",
        "organization/../s",
        "organization/./s",
        "a b",
        "s\n",
        "é",
    ],
)
def test_what_is_not_a_stacks_name_is_refused(name: str) -> None:
    """No name leads out of the backend."""
    with pytest.raises(UsageError):
        StackName.parse(name)


def listed(url: str) -> list[tuple[str, str, str]]:
    """Project, name and file of each stack."""
    place = open_place(url, cwd=ELSEWHERE)
    return [(each.project, each.name, each.file.rpartition("/")[2]) for each in list_stacks(place)]


def test_all_stacks_of_a_backend_are_listed(backend: Backend) -> None:
    """By project and name, each once, and nothing that is no checkpoint; what is listed can be read."""
    files = [
        "b/dev.json",
        "b/dev.json.bak",
        "b/dev.json.attrs",
        "a/prod.json.gz",
        "a/dev.json",
        "old.json",
        "c/x/y.json",
    ]
    url = backend({**META, **{f".pulumi/stacks/{name}": CHECKPOINT for name in files}})
    assert listed(url) == [("a", "dev", "dev.json"), ("a", "prod", "prod.json.gz"), ("b", "dev", "dev.json")]
    place = open_place(url, cwd=ELSEWHERE)
    assert {read_checkpoint(each.file, place).data for each in list_stacks(place)} == {CHECKPOINT}
    assert all(each.modified > 1e9 for each in list_stacks(place))


def test_the_stacks_of_a_legacy_backend_have_no_project(backend: Backend) -> None:
    """Only the checkpoint says it; what lies in a folder is none of this layout."""
    url = backend({".pulumi/stacks/dev.json": CHECKPOINT, ".pulumi/stacks/a/dev.json": CHECKPOINT})
    assert listed(url) == [("", "dev", "dev.json")]


def test_a_backend_without_stacks_lists_none(backend: Backend) -> None:
    """An empty one is no error; one of an unknown layout is."""
    assert listed(backend(META)) == []
    with pytest.raises(InvalidState, match="version 9"):
        listed(backend({".pulumi/meta.yaml": b"version: 9"}))


@pytest.mark.parametrize("files", [{}, {".pulumi/stacks/a/dev.json": CHECKPOINT}, {"notes.txt": b""}])
def test_a_place_without_a_backend_is_no_empty_one(backend: Backend, files: dict[str, bytes]) -> None:
    """Whoever mistypes the URL of a backend must not read that all of its stacks are fine."""
    with pytest.raises(NotFound, match="is not a self-managed backend"):
        listed(backend(files))


def test_of_two_forms_the_listing_has_the_one_written_last(tmp_path: Path) -> None:
    """As when one stack is looked for."""
    folder = tmp_path / ".pulumi" / "stacks" / "rich"
    folder.mkdir(parents=True)
    (tmp_path / ".pulumi" / "meta.yaml").write_text("version: 1")
    for name, second in (("richdev.json", 30), ("richdev.json.gz", 20)):
        (folder / name).write_bytes(CHECKPOINT)
        os.utime(folder / name, (second, second))
    [found] = list_stacks(open_place(f"file://{tmp_path}", cwd=ELSEWHERE))
    assert found == StackEntry("rich", "richdev", ".pulumi/stacks/rich/richdev.json", 30.0)
