"""Small files that unpack to more than the memory holds."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

_READ = """
import re, sys
from pathlib import Path
from packreg.states.sources import read_source
from packreg.errors import InvalidState

def peak():
    return int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])

read_source("small", cwd=Path(sys.argv[1]))
before = peak()
try:
    read_source("bomb", cwd=Path(sys.argv[1]), limit=200_000_000)
except InvalidState as error:
    print((peak() - before) // 1024, error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads its memory in /proc")
@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_a_packed_state_is_refused_before_it_fills_the_memory(tmp_path: Path, kind: str) -> None:
    """Somebody puts a packed checkpoint of 300 MB of nothing into a backend: it is counted, never held."""
    pack = gzip.compress if kind == "gzip" else pytest.importorskip("backports.zstd").compress
    (tmp_path / "small").write_bytes(pack(b"{}"))
    (tmp_path / "bomb").write_bytes(pack(b"0" * 300_000_000))
    ran = subprocess.run(
        [sys.executable, "-c", _READ, tmp_path], capture_output=True, text=True, check=True, timeout=120
    )
    grown, _, said = ran.stdout.partition(" ")
    assert "more than 200000000 bytes when it is unpacked" in said
    assert int(grown) < 64
