"""Bundles: one set of files, one tar stream; and nothing else is taken for one."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import tracemalloc
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packreg.errors import IntegrityError, InvalidPack
from packreg.pack.bundle import bundle_digest, compress, decode, encode, extract
from packreg.pack.files import File, Limits
from packreg.pack.paths import collisions, path_problem
from tests.pack.hostile_archives import HOSTILE, good, good_files, member, tgz

_SEGMENT = st.text("aBé_-0", min_size=1, max_size=4) | st.sampled_from(["a b", ".x", "x" * 60, "y" * 100])
_PATH = st.lists(_SEGMENT, min_size=1, max_size=3).map("/".join).filter(lambda path: not path_problem(path))
_FILE = st.builds(File, st.binary(max_size=1200), st.booleans())


@st.composite
def _packs(draw: st.DrawFn) -> dict[str, File]:
    """Sets of files that can be a bundle."""
    files = {"PulumiPolicy.yaml": draw(_FILE)} | draw(st.dictionaries(_PATH, _FILE, max_size=6))
    for _, later in collisions(files):
        for path in [p for p in files if p == later or p.startswith(later)]:
            del files[path]
    return files | {"PulumiPolicy.yaml": files.get("PulumiPolicy.yaml", File(b""))}


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(_packs())
def test_files_come_back_as_they_were(files: dict[str, File]) -> None:
    """Reading a bundle gives exactly the files it was written from."""
    if not collisions(files):
        bundle = encode(files)
        assert decode(bundle.data, digest=bundle.digest) == files
        assert bundle.members == len(files)
        assert bundle.unpacked == sum(len(file.data) for file in files.values())
        assert bundle.size == len(bundle.data)
        assert bundle.sha256 == hashlib.sha256(bundle.data).hexdigest()
        assert bundle_digest(bundle.data) == bundle.digest


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(_packs(), st.randoms())
def test_the_order_of_files_is_of_no_matter(files: dict[str, File], random: object) -> None:
    """The bytes depend on the files alone, not on the order in which they were found."""
    if not collisions(files):
        shuffled = list(files.items())
        random.shuffle(shuffled)  # type: ignore[attr-defined]
        assert encode(dict(shuffled)) == encode(files)


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(_packs())
def test_tarfile_reads_the_same(files: dict[str, File]) -> None:
    """A stock tar reader finds the same files under package/, with mode, owner and time as documented."""
    if collisions(files):
        return
    with tarfile.open(fileobj=io.BytesIO(encode(files).data), mode="r:gz") as archive:
        found = {}
        for info in archive:
            assert info.isreg()
            assert (info.uid, info.gid, info.mtime, info.uname, info.gname) == (0, 0, 0, "", "")
            assert info.mode in (0o644, 0o755)
            stream = archive.extractfile(info)
            assert stream is not None
            found[info.name] = File(stream.read(), info.mode == 0o755)
    assert found == {"package/" + path: file for path, file in files.items()}
    assert list(found) == sorted(found, key=str.encode)


def test_the_stream_is_written_as_documented() -> None:
    """The stream of a known set of files has a known digest, on every machine and every Python."""
    bundle = encode(good_files())
    tar = zlib.decompress(bundle.data, 31)
    assert bundle.digest == "sha256:" + hashlib.sha256(tar).hexdigest()
    assert bundle.digest == "sha256:f55d948e0c766833ec002265917e6b1047cc36a3a192676837b5e1ac11192fcd"
    assert len(tar) == 3 * 1024 + 1024
    assert bundle.data[:10] == b"\x1f\x8b\x08\0\0\0\0\0\0\xff"


def test_the_identity_outlives_the_compressor() -> None:
    """The same stream compressed in another way is the same pack, with another transport digest."""
    bundle = encode(good_files())
    other = zlib.compressobj(1, zlib.DEFLATED, -15)
    body = other.compress(zlib.decompress(bundle.data, 31)) + other.flush()
    data = bundle.data[:10] + body + bundle.data[-8:]
    assert data != bundle.data
    assert bundle_digest(data) == bundle.digest
    assert decode(data, digest=bundle.digest) == good_files()


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_archives_are_refused(case: str) -> None:
    """Every class of hostile archive is refused with its own code, and the message can be printed."""
    build, code = HOSTILE[case]
    with pytest.raises(InvalidPack) as caught:
        decode(build())
    assert code in {problem.code for problem in caught.value.problems}
    assert str(caught.value).isprintable()
    assert all(str(problem).isprintable() for problem in caught.value.problems)


def test_every_bad_path_is_reported() -> None:
    """All bad paths of an archive are named at once, not only the first."""
    with pytest.raises(InvalidPack) as caught:
        decode(tgz(member("package/a?"), member("package/aux"), member("package/good")))
    assert [problem.where for problem in caught.value.problems] == ["a?", "aux"]


def test_another_digest_is_an_integrity_error() -> None:
    """A good bundle that is not the expected one is refused as such, before it is read."""
    other = encode(good_files() | {"x": File(b"")})
    with pytest.raises(IntegrityError, match=other.digest):
        decode(good(), digest=other.digest)


def _mutated(data: bytes, kind: str, position: int, extra: bytes) -> bytes:
    at = position % len(data)
    if kind == "flip":
        return data[:at] + bytes([data[at] ^ (extra[0] or 1)]) + data[at + 1 :]
    if kind == "insert":
        return data[:at] + extra + data[at:]
    if kind == "overwrite":
        return data[:at] + extra + data[at + len(extra) :]
    return data[:at] + data[at + len(extra) :]


_MUTATION = st.tuples(
    st.sampled_from(["flip", "insert", "delete", "overwrite"]),
    st.integers(0, 1 << 16),
    st.binary(min_size=1, max_size=40),
)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_MUTATION, min_size=1, max_size=3))
def test_a_mutated_bundle_is_refused_or_the_same(mutations: list[tuple[str, int, bytes]]) -> None:
    """After any change to its bytes a bundle gives the same files under the same digest, or is refused."""
    data = good()
    for kind, position, extra in mutations:
        data = _mutated(data, kind, position, extra) or b"\0"
    _same_or_refused(data)


@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_MUTATION, min_size=1, max_size=2))
def test_a_mutated_stream_is_refused_or_a_bundle(mutations: list[tuple[str, int, bytes]]) -> None:
    """After any change to the stream, what is accepted is what `encode` writes for its files."""
    tar = zlib.decompress(good(), 31)
    for kind, position, extra in mutations:
        tar = _mutated(tar, kind, position, extra) or b"\0"
    data = compress(tar)
    try:
        files = decode(data)
    except InvalidPack:
        return
    assert encode(files).digest == bundle_digest(data)


def _same_or_refused(data: bytes) -> None:
    try:
        files = decode(data)
    except InvalidPack as refused:
        assert refused.problems
        return
    assert files == good_files()
    assert bundle_digest(data) == encode(files).digest


@settings(max_examples=300)
@given(st.binary(max_size=2000))
def test_random_bytes_are_refused(data: bytes) -> None:
    """Random bytes, alone or as a compressed stream, are refused and nothing else happens."""
    for candidate in (data, compress(data), compress(good()[:512] + data)):
        with pytest.raises(InvalidPack):
            decode(candidate)


@pytest.mark.parametrize(
    "case", ["bomb_one_file", "bomb_behind_the_end", "many_members", "gnu_long_name_bomb"]
)
def test_bombs_are_bounded_in_memory(case: str) -> None:
    """A bomb makes the reader hold no more than a small multiple of the limit, however large it unpacks."""
    limits = Limits(unpacked=1 << 20, members=100)
    data = HOSTILE[case][0]()
    tracemalloc.start()
    try:
        with pytest.raises(InvalidPack):
            decode(data, limits)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * limits.unpacked


def test_a_bundle_of_empty_blocks_is_not_read() -> None:
    """Compressed data that are far longer than any pack are refused by their length alone."""
    limits = Limits(unpacked=1 << 16, members=10)
    data = good()[:10] + b"\0\0\0\xff\xff" * 100_000
    with pytest.raises(InvalidPack, match="more than files within the limits"):
        decode(data, limits)


@pytest.mark.parametrize(
    ("limits", "code"),
    [(Limits(members=2), "too-many-files"), (Limits(unpacked=40), "too-large"), (Limits(depth=1), "bad-path"),
     (Limits(path=11), "bad-path")],
)  # fmt: skip
def test_writer_and_reader_hold_the_same_limits(limits: Limits, code: str) -> None:
    """What the reader would refuse, the writer does not write."""
    with pytest.raises(InvalidPack) as writing:
        encode(good_files(), limits)
    with pytest.raises(InvalidPack) as reading:
        decode(good(), limits)
    assert writing.value.problems[0].code == reading.value.problems[0].code == code


def test_a_pack_may_be_as_large_as_the_limits_say() -> None:
    """Exactly so many files, bytes, levels and bytes of a path pass the writer and the reader."""
    files = good_files()
    limits = Limits(
        members=len(files),
        unpacked=sum(len(file.data) for file in files.values()),
        depth=max(path.count("/") + 1 for path in files),
        path=max(len(path.encode()) for path in files),
    )
    assert decode(encode(files, limits).data, limits) == files


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        ("../x", "bad-path"),
        ("/etc/passwd", "bad-path"),
        ("pulumipolicy.yaml", "path-collision"),
        ("x\udc80", "bad-path"),
    ],
)
def test_the_writer_refuses_bad_paths(extra: str, code: str) -> None:
    """Files with bad paths never become a bundle, and are not extracted either."""
    with pytest.raises(InvalidPack) as caught:
        encode(good_files() | {extra: File(b"")})
    assert caught.value.problems[0].code == code


def test_a_pack_without_a_manifest_is_no_bundle() -> None:
    """Without PulumiPolicy.yaml nothing is written."""
    with pytest.raises(InvalidPack, match=r"PulumiPolicy\.yaml"):
        encode({"__main__.py": File(b"")})


def test_extract_writes_files_and_modes(tmp_path: Path) -> None:
    """Extraction gives the same bytes, the same executable files and nothing besides."""
    target = tmp_path / "pack"
    extract(good_files(), target)
    found = {
        path.relative_to(target).as_posix(): File(path.read_bytes(), bool(path.stat().st_mode & stat.S_IXUSR))
        for path in target.rglob("*")
        if path.is_file()
    }
    assert found == good_files()
    assert not any(path.is_symlink() for path in target.rglob("*"))


def test_extract_wants_a_new_directory(tmp_path: Path) -> None:
    """A directory that exists, even as a link to an empty one, is left as it is."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    for name in ("real", "link"):
        with pytest.raises(FileExistsError):
            extract(good_files(), tmp_path / name)
    assert list((tmp_path / "real").iterdir()) == []


@pytest.mark.parametrize("path", ["../evil", "/tmp/evil", "a/../../evil", "a\0b"])
def test_extract_never_leaves_its_directory(tmp_path: Path, path: str) -> None:
    """Paths that were not checked by anybody are checked again before the first byte is written."""
    with pytest.raises(InvalidPack):
        extract({path: File(b"evil")}, tmp_path / "pack")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(shutil.which("tar") is None, reason="no tar program")
def test_the_tar_program_reads_the_same(tmp_path: Path) -> None:
    """The system's tar extracts a bundle with a path that needs the header's prefix."""
    files = good_files() | {"p" * 90 + "/" + "q" * 90: File(b"deep")}
    (tmp_path / "b.tgz").write_bytes(encode(files).data)
    subprocess.run(["tar", "-xzf", "b.tgz"], cwd=tmp_path, check=True)
    extract(files, tmp_path / "own")
    for path, file in files.items():
        assert (
            (tmp_path / "package" / path).read_bytes() == file.data == (tmp_path / "own" / path).read_bytes()
        )


def test_another_process_writes_the_same_bytes() -> None:
    """Neither the hash seed nor the locale nor the time zone of a process has an influence."""
    code = (
        "from tests.pack.hostile_archives import good_files\n"
        "from packreg.pack.bundle import encode\n"
        "b = encode(good_files()); print(b.digest, b.sha256)"
    )
    root = Path(__file__).parents[2]
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=root,
            env=os.environ | env | {"PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"},
        ).stdout
        for env in ({"PYTHONHASHSEED": "1", "LC_ALL": "C"}, {"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo"})
    }  # fmt: skip
    here = encode(good_files())
    assert outputs == {f"{here.digest} {here.sha256}\n"}
