"""The S3 bucket against a local emulator, through a proxy that spoils requests."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import packreg
from packreg.errors import NotFound, OutcomeUnknown, StoreRefused, StoreUnavailable, StoreUnsafe
from packreg.store.bucket import Exists, Unsure
from packreg.store.location import S3Location
from packreg.store.s3 import S3Bucket
from packreg.store.store import Store
from tests.store import fault_proxy
from tests.store.fault_proxy import READ_FAULTS, FaultProxy
from tests.store.ministack import client, free_port

#: Without one: the emulator stores what it got of a cut upload. Real servers, which do not, get all of them.
WRITE_FAULTS = tuple(fault for fault in fault_proxy.WRITE_FAULTS if fault != "cut-upload")
#: Those that the store applied in the end, once or twice.
APPLIED = ("500-after", "503-after", "drop-after", "json-after", "sent-twice")


@pytest.fixture
def proxy(s3_endpoint: str, aws: None) -> Iterator[FaultProxy]:
    """A proxy in front of the emulator, without faults."""
    with FaultProxy(int(s3_endpoint.rpartition(":")[2])) as proxy:
        yield proxy


@pytest.fixture
def place(request: pytest.FixtureRequest) -> str:
    """A prefix of the test's own."""
    return hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:16]


@pytest.fixture
def direct(s3_endpoint: str, aws: None, place: str) -> S3Bucket:
    """The bucket without the proxy: the truth."""
    return S3Bucket(S3Location(bucket="registry", prefix=place, endpoint_url=s3_endpoint))


@pytest.fixture
def bucket(proxy: FaultProxy, place: str) -> S3Bucket:
    """The same place, through the proxy."""
    return S3Bucket(S3Location(bucket="registry", prefix=place, endpoint_url=proxy.endpoint), read_timeout=5)


@pytest.mark.parametrize("fault", WRITE_FAULTS)
def test_one_attempt_and_no_guess(
    bucket: S3Bucket, direct: S3Bucket, proxy: FaultProxy, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spoiled write is sent once, whatever AWS_MAX_ATTEMPTS says, and is unsure; it may be there or not."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "7")
    monkeypatch.setenv("AWS_RETRY_MODE", "legacy")
    proxy.plan(writes=(fault,))
    with pytest.raises(Exists if fault == "sent-twice" else Unsure):
        bucket.put_new("a", b"mine")
    assert proxy.seen == {f"write {fault}": 1}
    if fault in APPLIED:
        assert direct.get("a", limit=9) == b"mine"
    else:
        with pytest.raises(NotFound):
            direct.get("a", limit=9)


@pytest.mark.parametrize("fault", WRITE_FAULTS)
def test_the_store_tells_its_own_success(
    bucket: S3Bucket, direct: S3Bucket, proxy: FaultProxy, fault: str
) -> None:
    """Through every fault the creator learns that it created, and a late write changes nothing afterwards."""
    proxy.plan(writes=(fault, fault))
    assert Store(bucket).create("a", b"mine") is None
    proxy.settle()
    assert direct.get("a", limit=9) == b"mine"


@pytest.mark.parametrize("fault", WRITE_FAULTS)
def test_the_store_tells_a_loss(bucket: S3Bucket, direct: S3Bucket, proxy: FaultProxy, fault: str) -> None:
    """Through every fault the second learns what was there first."""
    direct.put_new("a", b"theirs")
    proxy.plan(writes=(fault, fault))
    assert Store(bucket).create("a", b"mine") == b"theirs"
    proxy.settle()
    assert direct.get("a", limit=9) == b"theirs"


def test_a_timeout_and_an_absent_object_are_not_a_failure(
    bucket: S3Bucket, direct: S3Bucket, proxy: FaultProxy
) -> None:
    """At the deadline the outcome is unknown, and rightly: the write arrives after that."""
    proxy.plan(writes=("late",))
    with pytest.raises(OutcomeUnknown):
        Store(bucket, deadline=0.0, random=lambda: 1.0).create("a", b"mine")
    with pytest.raises(NotFound):
        direct.get("a", limit=9)
    proxy.settle()
    assert direct.get("a", limit=9) == b"mine"
    assert Store(bucket, deadline=30).create("a", b"mine") is None


@pytest.mark.parametrize("fault", [fault for fault in READ_FAULTS if fault != "html-404"])
@pytest.mark.parametrize("size", [10, 3_000_000])
def test_reads_survive(bucket: S3Bucket, direct: S3Bucket, proxy: FaultProxy, fault: str, size: int) -> None:
    """A read whose answer is lost, refused for now or cut is repeated, and never gives half an object."""
    data = hashlib.sha256(b"seed").digest() * (size // 32 + 1)
    direct.put_new("a", data)
    proxy.plan(reads=(fault,))
    assert Store(bucket).get("a") == data
    assert proxy.seen[f"read {fault}"] == 1


def test_listings_survive(bucket: S3Bucket, direct: S3Bucket, proxy: FaultProxy) -> None:
    """A listing that breaks off is repeated."""
    for number in range(5):
        direct.put_new(f"a/{number}", b"")
    proxy.plan(reads=("cut-answer", "drop-after", "503-before"))
    assert len(list(Store(bucket).list_all("a/"))) == 5


def test_absent_is_only_what_the_store_calls_absent(bucket: S3Bucket, proxy: FaultProxy) -> None:
    """A 404 of something that is no store is an error, never an absent object."""
    proxy.plan(reads=("html-404",) * 10)
    with pytest.raises((StoreRefused, StoreUnavailable)):
        bucket.get("a", limit=1)


def test_keeps_to_its_prefix(s3_endpoint: str, direct: S3Bucket, place: str) -> None:
    """Objects stand under the prefix of the location, and nothing outside it is seen."""
    direct.put_new("packs/a", b"x")
    server = client(s3_endpoint)
    assert server.get_object(Bucket="registry", Key=f"{place}/packs/a")["Body"].read() == b"x"
    server.put_object(Bucket="registry", Key=f"{place}-other/packs/b", Body=b"")
    server.put_object(Bucket="registry", Key=f"{place}/packs/B", Body=b"")
    server.put_object(Bucket="registry", Key=f"{place}/packs/é/x", Body=b"")
    server.put_object(Bucket="registry", Key=f"{place}/packs//x", Body=b"")
    assert [entry.key for entry in direct.list("").entries] == ["packs/a"]
    page = direct.list("packs/", delimiter=True)
    assert [entry.key for entry in page.entries] == ["packs/a"]
    assert page.prefixes == ()


def test_says_when_an_object_was_created(direct: S3Bucket) -> None:
    """Listings carry the time of creation, in seconds since the epoch."""
    direct.put_new("a", b"")
    (entry,) = direct.list("").entries
    assert entry.modified > 1_700_000_000


def test_a_missing_bucket_is_refused(s3_endpoint: str, aws: None) -> None:
    """Every verb says that the bucket is missing, and none that the object is."""
    bucket = S3Bucket(S3Location(bucket="nowhere", endpoint_url=s3_endpoint))
    for verb in (
        lambda: bucket.put_new("a", b""),
        lambda: bucket.get("a", limit=1),
        lambda: bucket.list(""),
        lambda: bucket.inspect(".packreg/probe/x"),
    ):
        with pytest.raises(StoreRefused, match="NoSuchBucket") as caught:
            verb()
        assert "create the bucket" in caught.value.hint


def test_nobody_there_is_unavailable(aws: None) -> None:
    """Without a server nothing was sent, and that is said at once."""
    bucket = S3Bucket(S3Location(bucket="registry", endpoint_url=f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(StoreUnavailable, match="endpoint"):
        bucket.put_new("a", b"")
    with pytest.raises(StoreUnavailable, match="nothing was written"):
        Store(bucket, deadline=0.2).create("a", b"")


def test_no_credentials_are_refused(
    s3_endpoint: str, aws: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Missing credentials and unknown profiles are the operator's to mend, with a hint."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for profile in ("", "nobody"):
        bucket = S3Bucket(S3Location(bucket="registry", endpoint_url=s3_endpoint, profile=profile))
        with pytest.raises(StoreRefused) as caught:
            bucket.list("")
        assert "AWS chain" in caught.value.hint
        with pytest.raises(StoreRefused) as caught:
            bucket.put_new("a", b"")
        assert "AWS chain" in caught.value.hint
    with pytest.raises(StoreRefused, match="nobody"):
        bucket.connect()


def test_a_profile_provides_credentials(
    s3_endpoint: str, aws: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The profile of the location is used, with its region."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    (tmp_path / "config").write_text(
        "[profile ci]\nregion = eu-west-1\naws_access_key_id = a\naws_secret_access_key = b\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    bucket = S3Bucket(S3Location(bucket="registry", endpoint_url=s3_endpoint, profile="ci", prefix="profile"))
    bucket.put_new("a", b"")
    assert bucket.list("").entries[0].key == "a"


def test_a_listing_out_of_order_is_unsafe(direct: S3Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that lists in another order than that of the bytes is refused as soon as it is noticed."""

    class Unordered:
        def list_objects_v2(self, **_: object) -> dict[str, object]:
            prefix = f"{direct.describe().partition('?')[0].removeprefix('s3://registry/')}/"
            return {"CommonPrefixes": [{"Prefix": prefix + "b/"}, {"Prefix": prefix + "a/"}]}

    monkeypatch.setattr(direct, "_reads", Unordered)
    with pytest.raises(StoreUnsafe, match="order"):
        list(Store(direct).prefixes(""))


def test_a_page_that_goes_on_without_saying_how_is_unsafe(
    direct: S3Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A truncated page needs a token for the next one."""

    class Silent:
        def list_objects_v2(self, **_: object) -> dict[str, object]:
            return {"IsTruncated": True}

    monkeypatch.setattr(direct, "_reads", Silent)
    with pytest.raises(StoreUnsafe, match="goes on"):
        direct.list("")


@pytest.mark.parametrize(
    "answer", [{"Contents": [{}]}, {"Contents": [{"Key": "a", "Size": "?"}]}, {"CommonPrefixes": [{}]}]
)
def test_a_listing_that_is_none_is_unsafe(
    direct: S3Bucket, monkeypatch: pytest.MonkeyPatch, answer: dict[str, object]
) -> None:
    """A listing without what a listing holds is refused, without a traceback."""

    class Odd:
        def list_objects_v2(self, **_: object) -> dict[str, object]:
            return answer

    monkeypatch.setattr(direct, "_reads", Odd)
    with pytest.raises(StoreUnsafe, match="is incomplete"):
        direct.list("")


def test_sends_a_plain_body_with_our_checksum(direct: S3Bucket) -> None:
    """No trailers and no chunks: one plain signed body, the condition signed too, and our own SHA-256."""
    sent: list[dict[str, str]] = []
    writes, _ = direct._both()

    def keep(request: object, **_: object) -> None:
        headers = request.headers  # type: ignore[attr-defined]
        sent.append({name.lower(): v.decode() if isinstance(v, bytes) else v for name, v in headers.items()})

    writes.meta.events.register("before-send.s3.PutObject", keep)
    direct.put_new("a", b"x")
    (headers,) = sent
    assert headers["if-none-match"] == "*"
    assert headers["x-amz-checksum-sha256"] == base64.b64encode(hashlib.sha256(b"x").digest()).decode()
    assert headers["x-amz-content-sha256"] == hashlib.sha256(b"x").hexdigest()
    assert "if-none-match" in headers["authorization"]
    assert headers["content-length"] == "1"
    assert not {"transfer-encoding", "x-amz-trailer", "x-amz-checksum-crc32"} & headers.keys()


def test_says_what_the_server_is_like(s3_endpoint: str, aws: None) -> None:
    """Versions are reported as they are switched on and paused, and checksums as tried out."""
    server = client(s3_endpoint)
    server.create_bucket(Bucket="versions")
    bucket = S3Bucket(S3Location(bucket="versions", endpoint_url=s3_endpoint))
    for number, state in enumerate(("off", "enabled", "suspended")):
        if number:
            server.put_bucket_versioning(
                Bucket="versions", VersioningConfiguration={"Status": state.capitalize()}
            )
        facts = bucket.inspect(f".packreg/probe/{number}")
        assert facts["versioning"] == state
        stored = [entry.key for entry in bucket.list(f".packreg/probe/{number}/").entries]
        assert facts["checksums"] == ("ignored" if stored else "verified")


def test_botocore_is_imported_only_by_requests() -> None:
    """Neither a location nor an unused store imports botocore, and a directory never does."""
    program = (
        "import sys; from packreg.store.open import open_store\n"
        "store = open_store('s3://bucket/x?region=eu-west-1'); store.describe()\n"
        "list(open_store('nowhere').list_all(''))\n"
        "heavy = {'botocore', 'boto3', 'urllib3', 'dataclasses', 'pathlib', 'logging'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run(
        [sys.executable, "-S", "-c", program],
        check=True,
        env={"PYTHONPATH": str(Path(packreg.__file__).parents[1])},
    )
