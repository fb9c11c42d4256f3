"""A registry is moved: proved, resumable, and a registry only when all of it is there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from packreg.errors import NotFound, StoreRefused, UsageError
from packreg.registry import layout
from packreg.registry.objects import Forgetful, Objects
from packreg.registry.record import Source
from packreg.services.governance import create_governance
from packreg.services.transfer import _check_apart, transfer, transfer_json
from packreg.services.verify import verify
from packreg.services.workspace import Workspace
from packreg.store.chain import Chain
from packreg.store.location import DirectoryLocation, StoreLocation
from packreg.store.memory import MemoryBucket
from packreg.store.store import Store
from tests.registry.buckets import Killed, Tapped, dies_after
from tests.registry.packs import pack
from tests.services.conftest import open_workspace, workspace_of


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a registry with three releases, made once."""
    top = tmp_path_factory.mktemp("founded")
    with open_workspace(top) as workspace:
        workspace.registry().init()
        create_governance(workspace)
        for name, version in (("guard", "1.0.0"), ("guard", "1.1.0"), ("old", "1.0.0")):
            workspace.registry().publish(
                pack(name, version), lock=None, source=Source(), publisher="Ann", tool="a test"
            )
    return top


@pytest.fixture
def governed(tmp_path: Path, founded: Path) -> Iterator[Workspace]:
    """Ada's workspace on a copy of that registry."""
    with workspace_of(tmp_path, founded) as workspace:
        yield workspace


class Elsewhere(Workspace):
    """Ada's workspace, in which the place `target` is a store of the test's own."""

    target: Store

    def store_at(self, location: StoreLocation) -> Store:
        """The test's store for the target, else as it is."""
        is_target = isinstance(location, DirectoryLocation) and location.path.endswith("/target")
        return self.target if is_target else super().store_at(location)


def elsewhere(governed: Workspace, target: Store) -> Elsewhere:
    """The workspace of the registry `governed`, with another target."""
    found = Elsewhere(governed.environ, cwd=governed.cwd, by="Ada", notify=governed.notify)
    found.target = target
    return found


def objects(store: Store) -> dict[str, bytes]:
    """Every object of a store."""
    return {entry.key: store.get(entry.key) for entry in store.list_all("")}


def test_the_target_is_the_registry_afterwards(governed: Workspace, tmp_path: Path) -> None:
    """With the same id and the same objects, which `verify` proves there, also by its own times."""
    before = objects(governed.store)
    made = transfer(governed, "registry", "target")
    assert made.problem is None
    assert made.proof is not None
    assert made.copied == made.objects == made.proof.objects
    there = open_workspace(tmp_path, PACKREG_REGISTRY=str(tmp_path / "target"))
    settings = there.registry().settings()
    assert settings is not None
    assert settings.id == made.id == json.loads(before["registry.json"])["id"]
    assert [each for each in verify(there) if each.level == "error"] == []
    assert made.revision == 1
    assert made.digest == there.registry().governance.at(1).digest
    assert objects(governed.store) == before, "the source is never changed"
    record = json.loads(json.loads(objects(there.store)["transfers/999999999998.json"])["value"])
    assert record["reason"] == f"transferred from {made.source}"


def test_a_second_transfer_changes_nothing(governed: Workspace, tmp_path: Path) -> None:
    """It compares, and says that all is there."""
    transfer(governed, "registry", "target")
    there = open_workspace(tmp_path, PACKREG_REGISTRY=str(tmp_path / "target"))
    before = objects(there.store)
    made = transfer(governed, "registry", "target")
    assert (made.copied, made.problem) == (0, None)
    assert objects(there.store) == before


def test_a_dry_run_writes_nothing(governed: Workspace, tmp_path: Path) -> None:
    """Not even the probe's objects."""
    made = transfer(governed, "registry", "target", dry_run=True)
    assert made.copied == made.objects == len(objects(governed.store)) - 2
    assert not (tmp_path / "target").exists()
    assert transfer_json(made)["done"] is False


def test_killed_after_any_request_it_goes_on_and_is_no_registry_before_the_end(governed: Workspace) -> None:
    """registry.json comes last: whoever reads before has no registry, never half of one."""
    counted: list[str] = []
    tapped = Tapped(MemoryBucket(), after=lambda verb, key: counted.append(verb))
    transfer(elsewhere(governed, Store(tapped)), "registry", "target")
    inner = MemoryBucket()
    for left in (40, 30, 20, 10, 6, 4, 3, 2, 1):  # requests of the last steps
        before, after = dies_after(len(counted) - left)
        fresh = MemoryBucket()
        with pytest.raises(Killed):
            transfer(
                elsewhere(governed, Store(Tapped(fresh, before=before, after=after))), "registry", "target"
            )
        assert Objects(Store(fresh), Forgetful()).settings() is None
        inner = fresh
    made = transfer(elsewhere(governed, Store(inner)), "registry", "target")
    assert made.problem is None
    assert Objects(Store(inner), Forgetful()).settings() is not None
    assert len([key for key in objects(Store(inner)) if key.startswith(layout.TRANSFERS)]) == 1


def test_what_arrives_meanwhile_is_said_and_comes_with_the_next_run(governed: Workspace) -> None:
    """Until nothing arrives any more the target is no registry."""
    arrived = [f"bundles/late/1.0.0/{'b' * 64}.tgz", "packs/late/v/1.0.0"]

    def write(verb: str, key: str) -> None:
        if verb == "put_new" and key.startswith(layout.GOVERNANCE):
            for late in arrived:
                governed.store.create(late, b"late")

    inner = MemoryBucket()
    made = transfer(elsewhere(governed, Store(Tapped(inner, before=write))), "registry", "target")
    assert made.problem is not None
    assert made.proof is not None
    assert made.proof.missing.keys == arrived
    assert transfer_json(made)["arrived"] == {"number": 2, "keys": arrived}
    assert "registry.json" not in objects(Store(inner))
    again = transfer(elsewhere(governed, Store(inner)), "registry", "target")
    assert (again.copied, again.problem) == (2, None)


def test_what_goes_meanwhile_is_said(governed: Workspace) -> None:
    """The target has it then; the next run refuses it by name, with the command that deletes it."""
    bundle = next(key for key in objects(governed.store) if key.startswith("bundles/old/"))

    def remove(verb: str, key: str) -> None:
        if verb == "put_new" and key.startswith(layout.GOVERNANCE):
            governed.store.delete(bundle)

    inner = MemoryBucket()
    made = transfer(elsewhere(governed, Store(Tapped(inner, before=remove))), "registry", "target")
    assert made.proof is not None
    assert made.problem is not None
    assert made.proof.extra.keys == [bundle]
    with pytest.raises(StoreRefused, match=bundle) as refused:
        transfer(elsewhere(governed, Store(inner)), "registry", "target")
    assert "rm" in refused.value.hint


def _strange(store: Store) -> str:
    store.create("packs/other/v/1.0.0", b"of somebody else")
    return "packs/other/v/1.0.0"


def _changed(store: Store) -> str:
    store.create("packs/guard/v/1.0.0", b"of somebody else")
    return "packs/guard/v/1.0.0"


def _another(store: Store) -> str:
    store.create("registry.json", b'{"format": 1, "id": "x", "role": "home", "created": "y", "facts": {}}')
    return "another registry"


@pytest.mark.parametrize("put", [_strange, _changed, _another])
def test_a_target_with_something_else_is_refused_before_anything_is_written(
    governed: Workspace, put: Callable[[Store], str]
) -> None:
    """By name; nothing is overwritten and nothing added."""
    target = Store(MemoryBucket())
    named = put(target)
    before = objects(target)
    with pytest.raises(StoreRefused, match=named):
        transfer(elsewhere(governed, target), "registry", "target")
    assert objects(target) == before


@pytest.mark.parametrize("target", ["registry", "registry/below", "."])
def test_one_place_cannot_lie_in_the_other(governed: Workspace, target: str) -> None:
    """The copy would be copied."""
    with pytest.raises(UsageError, match="lie in one another"):
        transfer(governed, "registry", target)


def test_a_link_to_the_source_is_the_source(governed: Workspace, tmp_path: Path) -> None:
    """Whatever its name."""
    (tmp_path / "link").symlink_to(tmp_path / "registry")
    with pytest.raises(UsageError, match="lie in one another"):
        transfer(governed, "link", "registry")


def test_only_a_home_can_be_moved(governed: Workspace, tmp_path: Path) -> None:
    """A place without a registry is not found; a replica has an id of its own."""
    with pytest.raises(NotFound):
        transfer(governed, "nowhere", "target")
    replica = open_workspace(tmp_path, PACKREG_REGISTRY=str(tmp_path / "replica"))
    replica.registry().init("replica")
    with pytest.raises(StoreRefused, match="replica"):
        transfer(governed, "replica", "target")


def test_a_target_that_went_on_is_not_taken_for_a_copy(governed: Workspace, tmp_path: Path) -> None:
    """What was published there since is named."""
    transfer(governed, "registry", "target")
    there = open_workspace(tmp_path, PACKREG_REGISTRY=str(tmp_path / "target"))
    newest = there.registry().governance.append(lambda _: b"{}", attempt_id="later")
    with pytest.raises(StoreRefused, match=Chain(there.store, layout.GOVERNANCE).key(newest.number)):
        transfer(governed, "registry", "target")
    shutil.rmtree(tmp_path / "target")


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("s3://bucket/packs", "s3://bucket/packs", False),
        ("s3://bucket/packs?region=eu-central-1", "s3://bucket/packs/below?profile=x", False),
        ("s3://bucket/packs", "s3://bucket", False),
        ("s3://bucket/packs", "s3://bucket/packs-2", True),
        ("s3://bucket/packs", "s3://bucket/packs?endpoint_url=https://storage.example.org", True),
        ("s3://bucket/packs", "gs://bucket/packs", True),
    ],
)
def test_places_are_apart_by_bucket_prefix_and_server(
    governed: Workspace, one: str, other: str, apart: bool
) -> None:
    """What else a URL says, such as the region or the profile, tells no two places apart."""
    places = governed.location_at(one), governed.location_at(other)
    if apart:
        _check_apart(*places)
    else:
        with pytest.raises(UsageError, match="lie in one another"):
            _check_apart(*places)


def test_variables_count_for_a_bucket_as_they_do_for_the_registry(tmp_path: Path) -> None:
    """Without an endpoint in its URL, that of the variables is meant."""
    workspace = open_workspace(tmp_path, AWS_ENDPOINT_URL_S3="https://storage.example.org")
    assert workspace.location_at("s3://bucket/packs").shown.endswith(
        "?endpoint_url=https://storage.example.org"
    )
    assert workspace.location_at("~/packs").url == f"file://{tmp_path}/packs"
