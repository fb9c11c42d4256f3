"""A Ceph of one monitor, one OSD and one RADOS gateway, on loopback, in a directory of its own.

Needs root and the Debian packages `radosgw ceph-mon ceph-osd ceph-mgr ceph-common`. Ports are chosen at run
time. By itself it prints its URL and runs until interrupted:

    python -m tests.servers.ceph_rgw DIRECTORY
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from tests.store.ministack import CREDENTIALS, free_port, stop, wait_for_port

PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")

# `ms mon client mode`: without authentication the gateway insists on this one, and else hangs for minutes.
_CONFIGURATION = """
[global]
fsid = {fsid}
mon host = {monitors}
public addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
auth allow insecure global id reclaim = true
ms mon client mode = crc secure
mon allow pool size one = true
mon warn on pool no redundancy = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd crush chooseleaf type = 0
run dir = {place}/run
admin socket = {place}/run/$name.$pid.asok
log file = {place}/log/$name.log
keyring = /dev/null
[mon]
mon data = {place}/mon
mon data avail warn = 1
mon data avail crit = 1
[osd]
osd data = {place}/osd
osd objectstore = bluestore
bluestore block size = 10737418240
bluestore block create = true
osd memory target = 1073741824
osd class load list = *
osd class default list = *
[client.rgw.a]
rgw data = {place}/rgw
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw thread pool size = 128
"""


def missing() -> str:
    """Why it cannot run here, or an empty string when it can."""
    absent = ", ".join(name for name in PROGRAMS if not shutil.which(name))
    if absent:
        return (
            f"Ceph is not installed: no {absent} (radosgw ceph-mon ceph-osd ceph-mgr ceph-common of Debian)"
        )
    return "" if os.geteuid() == 0 else "Ceph's daemons are started as root here"


@contextlib.contextmanager
def ceph_rgw(place: Path) -> Iterator[str]:
    """Run it in an empty directory; gives the gateway's URL, for the credentials of `CREDENTIALS`."""
    for name in ("mon", "osd", "mgr", "rgw", "run", "log"):
        (place / name).mkdir(parents=True)
    port = free_port()
    monitors = f"[v2:127.0.0.1:{free_port()},v1:127.0.0.1:{free_port()}]"
    fsid = str(uuid.uuid4())
    configuration = place / "ceph.conf"
    configuration.write_text(_CONFIGURATION.format(place=place, port=port, fsid=fsid, monitors=monitors))
    conf = ["-c", str(configuration)]
    daemons: list[subprocess.Popen[bytes]] = []

    with (place / "log" / "output").open("wb") as output:

        def run(*command: str, seconds: float = 60) -> None:
            try:
                subprocess.run(command, check=True, stdout=output, stderr=subprocess.STDOUT, timeout=seconds)
            except subprocess.SubprocessError as failed:
                said = (place / "log" / "output").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{failed}\n{said}") from failed

        def start(*command: str) -> subprocess.Popen[bytes]:
            daemons.append(subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT))
            return daemons[-1]

        try:
            monmap = str(place / "monmap")
            run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", monitors, monmap)
            run("ceph-mon", *conf, "-i", "a", "--mkfs", "--monmap", monmap)
            start("ceph-mon", *conf, "-i", "a", "-f")
            osd = str(uuid.uuid4())
            run("ceph", *conf, "osd", "new", osd)
            run("ceph-osd", *conf, "-i", "0", "--mkfs", "--osd-uuid", osd)
            start("ceph-osd", *conf, "-i", "0", "-f")
            run("ceph", *conf, "osd", "crush", "add", "osd.0", "1.0", "root=default", "host=localhost")
            _wait_for_osd(conf)
            run(
                "radosgw-admin", *conf, "user", "create", "--uid=tests", "--display-name=tests",
                f"--access-key={CREDENTIALS['AWS_ACCESS_KEY_ID']}",
                f"--secret-key={CREDENTIALS['AWS_SECRET_ACCESS_KEY']}",
                seconds=120,
            )  # fmt: skip
            gateway = start("radosgw", *conf, "-n", "client.rgw.a", "--auth_client_required", "none", "-f")
            wait_for_port(port, gateway, seconds=60)
            yield f"http://127.0.0.1:{port}"
        finally:
            for daemon in reversed(daemons):
                stop(daemon)


def _wait_for_osd(conf: list[str]) -> None:
    for _ in range(60):
        said = subprocess.run(["ceph", *conf, "osd", "stat"], capture_output=True, text=True, timeout=60)
        if "1 up" in said.stdout:
            return
        time.sleep(0.5)
    raise RuntimeError(f"Ceph's OSD does not come up: {said.stdout}{said.stderr}")


def main() -> None:
    """Run until interrupted."""
    if reason := missing():
        raise SystemExit(reason)
    with ceph_rgw(Path(sys.argv[1]).absolute()) as endpoint, contextlib.suppress(KeyboardInterrupt):
        print(endpoint, flush=True)
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main()
