"""Somebody sends little that becomes much when it is read: it is refused before the memory is taken.

Each case runs in a process of its own, which says by how many MiB its peak grew while it read, and what it
was told.
"""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import tarfile
import textwrap
import zipfile
from pathlib import Path

import pytest

from packreg.pack.bundle import compress, encode
from packreg.pack.files import File
from packreg.pack.ustar import header
from tests.install.shop import Shop, python_pack

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads its memory in /proc")

#: What may be taken beyond the input, in MiB.
ALLOWED = 64
_MEASURED = """
import re, sys
from pathlib import Path
from packreg.errors import PackregError
from packreg.pack.problems import Problems
place = Path(sys.argv[1])
{prepare}
def peak():
    return int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])
before = peak()
try:
{read}
    said = "accepted"
except PackregError as error:
    said = str(error)
print((peak() - before) // 1024, said)
"""


def refused(place: Path, prepare: str, read: str) -> tuple[int, str]:
    """By how many MiB the peak grew, and what was said."""
    source = _MEASURED.format(
        prepare=textwrap.dedent(prepare), read=textwrap.indent(textwrap.dedent(read), "    ")
    )
    ran = subprocess.run(
        [sys.executable, "-c", source, str(place)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    grown, _, said = ran.stdout.partition(" ")
    return int(grown), said


def wheel(name: str, content: str, size: int) -> bytes:
    """A wheel with a METADATA, and `size` times `content` in it or, with a name, in another file."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(zipfile.ZipInfo("x-1.dist-info/METADATA"), "w") as file:
            file.write(b"Metadata-Version: 2.1\nName: x\nVersion: 1\n")
            if not name:
                file.write(content.encode() * size)
        if name:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=False) as file:
                for _ in range(size):
                    file.write(content.encode())
    return whole.getvalue()


def many_members(count: int) -> bytes:
    """A wheel of `count` empty files."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("x-1.dist-info/METADATA", "Name: x\n")
        for number in range(count):
            archive.writestr(zipfile.ZipInfo(f"x/{number}"), b"")
    return whole.getvalue()


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("metadata", "METADATA of at most 1 MiB"),
        ("member", "more than 67108864 bytes"),
        ("members", "list of entries is too long"),
    ],
)
def test_a_wheel_in_a_bundle(tmp_path: Path, kind: str, said: str) -> None:
    """A bundle brings a small wheel that unpacks to much, and has no lock: `install` refuses it unread."""
    data = {
        "metadata": lambda: wheel("", "Requires-Dist: a\n", 1_200_000),
        "member": lambda: wheel("x/data.bin", "0" * 1_000_000, 600),
        "members": lambda: many_members(60_000),
    }[kind]()
    files = python_pack(pyproject_toml='[project]\nname = "x"\nversion = "1"\n')
    files[".packreg/wheels/x-1-py3-none-any.whl"] = File(data)
    Shop(tmp_path / "registry").publish(files)
    prepare = """
    from packreg.install.home import Home
    from packreg.pack.reference import Reference
    from packreg.install.lock_dependencies import lock_dependencies
    from tests.install.shop import Shop, tools_in
    import zipfile, email.parser
    home = Home(place / "home")
    installer = Shop(place / "registry").installer(home, tools_in(home, PATH=""))
    """
    grown, why = refused(tmp_path, prepare, 'installer.install(Reference.parse("guard@1.0.0"))')
    assert said in why
    assert grown < ALLOWED + len(data) // 2**20 * 3


def test_a_wheel_beside_a_lock(tmp_path: Path) -> None:
    """The bundle has a lock, so nobody reads the wheel's metadata: no installer is given it either."""
    data = wheel("x/data.bin", "0" * 1_000_000, 600)
    (tmp_path / "x-1-py3-none-any.whl").write_bytes(data)
    prepare = """
    from packreg.install.environment import Needs, get_environment
    from packreg.install.home import Home
    from packreg.install.interpreter import find_interpreter
    from tests.install.shop import tools_in
    import zipfile
    tools = tools_in(Home(place / "home"))
    needs = Needs("", (("x-1-py3-none-any.whl", (place / "x-1-py3-none-any.whl").read_bytes()),))
    """
    grown, why = refused(tmp_path, prepare, "get_environment(needs, find_interpreter(None, tools), tools)")
    assert "more than 67108864 bytes" in why
    assert grown < ALLOWED


def hostile_bundle(kind: str) -> bytes:
    """Bundles of few bytes that unpack to as much as the limits allow, with a fault at their end."""
    if kind == "zeros":
        return compress(bytes(66 * 2**20))
    size = 60 * 2**20
    head = header(b"package/PulumiPolicy.yaml", size, executable=False)
    assert head is not None
    return compress(head + bytes(size) + (b"\1" * 1024 if kind == "end" else b""))


@pytest.mark.parametrize("kind", ["zeros", "end", "cut"])
def test_a_bundle(tmp_path: Path, kind: str) -> None:
    """A small bundle unpacks to what the limits allow, and is wrong at its end: nothing of it was held."""
    (tmp_path / "bundle.tgz").write_bytes(hostile_bundle(kind))
    prepare = "from packreg.pack.bundle import decode\ndata = (place / 'bundle.tgz').read_bytes()"
    grown, why = refused(tmp_path, prepare, "decode(data)")
    assert "this is not a bundle that packreg wrote" in why
    assert grown < 16


def test_a_limit_that_was_raised_applies(tmp_path: Path) -> None:
    """An operator raises what a pack may hold: a bundle and a wheel beyond the default are read."""
    files = python_pack() | {"data.bin": File(bytes(70 * 2**20))}
    from packreg.pack.bundle import decode
    from packreg.pack.files import DEFAULT_LIMITS
    from packreg.pack.wheel_file import wheel_metadata

    limits = DEFAULT_LIMITS._replace(unpacked=100 * 2**20)
    assert decode(encode(files, limits).data, limits) == files
    assert wheel_metadata("x", wheel("x/d", "0" * 2**20, 70), limits.unpacked).startswith(b"Metadata")


STATE = b'{"version": 3, "deployment": {"resources": [%s]}}'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"a": [' + b"[]," * 10_000_000 + b"[]]}", "too many parts"),
        (b'{"a": "' + b"x" * 40_000_000 + b'"}', "one value has more than 32 MiB"),
        (b"{}," * 3_000_000 + b"{}", "more than 2000000 resources"),
    ],
)
def test_a_state_of_values_that_are_dear(tmp_path: Path, content: bytes, said: str) -> None:
    """A state of some megabytes is made of lists and objects with nothing in them: it is refused unread."""
    data = STATE % content
    (tmp_path / "state.json").write_bytes(data)
    prepare = """
    from packreg.states.state import read_state
    data = (place / "state.json").read_bytes()
    """
    grown, why = refused(tmp_path, prepare, 'read_state(data, "state.json")')
    assert why != "accepted" and said in why
    assert grown < ALLOWED + len(data) // 2**20


def test_a_report(tmp_path: Path) -> None:
    """A build agent writes a report of 100 kB that unpacks to 60 MB of empty lists: refused, not held."""
    text = b'{"format": 1, "results": [' + b"[]," * 18_000_000 + b"[]]}"
    (tmp_path / "report").write_bytes(gzip.compress(text, 6))
    prepare = """
    from packreg.reports.stored import StoredReport
    data = (place / "report").read_bytes()
    """
    grown, why = refused(tmp_path, prepare, 'StoredReport.decode(data, "reports/x")')
    assert "cannot be read" in why
    assert grown < ALLOWED


def test_an_npm_lock(tmp_path: Path) -> None:
    """A lock within the limit is nothing but empty lists: refused unread."""
    (tmp_path / "lock").write_bytes(b'{"lockfileVersion": 3, "x": [' + b"[]," * 5_000_000 + b"[]]}")
    prepare = """
    from packreg.install.npm_lock import lock_problems
    data = (place / "lock").read_bytes()
    """
    read = 'raise PackregError(lock_problems(data, "package-lock.json")[0])'
    grown, why = refused(tmp_path, prepare, read)
    assert "more values than" in why
    assert grown < ALLOWED


def test_an_archive_of_caches(tmp_path: Path) -> None:
    """An archive for `cache import` holds a record of 300 MB: refused by its header."""
    name = "remembered/0123456789ab/packs/guard/v/1.0.0"
    index = json.dumps({"format": 1, "packs": [], "members": {name: "0" * 64}}).encode()
    with tarfile.open(tmp_path / "archive.tar", "w") as archive:
        for member, data in (("packreg-cache.json", index), (name, bytes(300_000_000))):
            info = tarfile.TarInfo(member)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    prepare = "from packreg.install.home import Home\nfrom packreg.install.transfer import import_cache"
    grown, why = refused(tmp_path, prepare, 'import_cache(place / "archive.tar", Home(place / "home"))')
    assert "is not a whole archive" in why
    assert grown < ALLOWED


def test_what_a_tool_writes(tmp_path: Path) -> None:
    """A tool that fails has written 200 MB: the error quotes the end, and no more is read back."""
    prepare = """
    from packreg.install.home import Home
    from packreg.install.tools import Tools
    tools = Tools(Home(place / "home"), {})
    loud = "import os; [os.write(2, b'x' * 999_999 + bytes([10])) for n in range(200)]; raise SystemExit(4)"
    """
    read = 'tools.run([sys.executable, "-I", "-c", loud], "do it")'
    grown, why = refused(tmp_path, prepare, read)
    assert "exit 4" in why and "xxx" in why
    assert grown < ALLOWED


PACK = """
import sys
from concurrent.futures import ThreadPoolExecutor
import grpc
answer = {answer}
class Handler(grpc.GenericRpcHandler):
    def service(self, call):
        name = call.method.rpartition("/")[2]
        said = answer if name == "Analyze" else b""
        return grpc.unary_unary_rpc_method_handler(lambda request, context: said)
options = [("grpc.max_send_message_length", -1)]
server = grpc.server(ThreadPoolExecutor(2), handlers=[Handler()], options=options)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(port, flush=True)
server.wait_for_termination()
"""


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            "b'\\x0a\\x80\\xe1\\xeb\\x17\\x12\\xfa\\xe0\\xeb\\x17' + b'x' * 49_999_994 + b'x' * 150_000_000",
            "larger",
        ),
        ("b'\\x0a\\x00' * 8_000_000", "refused"),
    ],
)
def test_an_answer_of_a_pack(tmp_path: Path, answer: str, said: str) -> None:
    """A pack answers with 200 MB, or with millions of empty violations: the call fails, nothing is read."""
    (tmp_path / "pack.py").write_text(PACK.format(answer=answer))
    prepare = """
    import os
    from packreg.analyzer.analyzer import CallFailed
    from packreg.analyzer.pool import Pool
    from packreg.analyzer.program import Program
    command = (sys.executable, "-u", str(place / "pack.py"))
    pool = Pool(keep=0)
    analyzer = pool.take(Program("guard", place, command, (("PATH", os.environ["PATH"]),)))
    """
    read = """
    try:
        analyzer.call("Analyze", b"")
    except CallFailed as error:
        raise PackregError(f"{error.kind} {error}")
    finally:
        pool.close()
    """
    grown, why = refused(tmp_path, prepare, read)
    assert why.startswith("refused") and said in why
    assert grown < ALLOWED
