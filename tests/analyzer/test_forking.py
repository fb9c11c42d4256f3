"""Packs that are forked from a process with their SDK are what they would be if they were started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from packreg.analyzer.evaluation import PackToRun, evaluate
from packreg.analyzer.findings import PackResult
from packreg.analyzer.forking import fork_key
from packreg.analyzer.pool import Pool
from tests.analyzer.packs import Sdks, buckets, python_source, runnable
from tests.analyzer.test_broken_packs import BROKEN, broken, deadlines, expected

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="packs are forked on Linux only")

SEES = """
    import gc, os, resource, signal, stat, sys, tempfile, threading, time
    from pulumi_policy import *

    def sees(args, report):
        report(repr({
            "cwd": os.getcwd(), "argv": sys.argv, "executable": sys.executable, "flags": str(sys.flags),
            "path": sys.path[0], "main": sys.modules["__main__"].__name__, "zone": time.tzname,
            "temporary": tempfile.gettempdir(), "umask": (mask := os.umask(0), os.umask(mask))[0],
            "variables": sorted(os.environ.items()), "limits": resource.getrlimit(resource.RLIMIT_DATA),
            "cores": resource.getrlimit(resource.RLIMIT_CORE), "session": os.getsid(0) == os.getpid(),
            "interrupt": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
            "pipe": signal.getsignal(signal.SIGPIPE), "end": signal.getsignal(signal.SIGTERM),
            "children": signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL, "collects": gc.isenabled(),
            "input": os.readlink("/proc/self/fd/0"), "buffered": sys.stdout.line_buffering,
            "encoding": (sys.stdout.encoding, sys.stderr.errors, sys.getfilesystemencoding()),
            "frozen": gc.get_freeze_count(), "main thread": threading.main_thread().name,
        }))

    PolicyPack("sees", [ResourceValidationPolicy("sees", "s", sees)])
"""


def packs(directory: Path, sdks: Sdks, source: str, count: int, **options: object) -> list[PackToRun]:
    """So many releases with this program and one environment."""
    found = []
    for number in range(count):
        pack = runnable(python_source(directory / f"pack{number}", source), python=sdks.python, **options)
        found.append(replace(pack, program=replace(pack.program, digest=f"digest{number}")))
    return found


def judged(wanted: list[PackToRun], pool: Pool) -> list[PackResult]:
    """What the packs say of one resource."""
    return list(evaluate(buckets("a"), wanted, pool=pool).packs)


def servers() -> list[psutil.Process]:
    """The servers that this process has started."""
    ours = psutil.Process().children()
    return [each for each in ours if "python_forks.py" in " ".join(each.cmdline())]


def gone(condition: Callable[[], bool]) -> bool:
    """Whether it comes true within a minute."""
    until = time.monotonic() + 60
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    return condition()


def test_a_forked_pack_sees_what_a_started_one_does(tmp_path: Path, sdks: Sdks) -> None:
    """Arguments, variables, directory, temporary files, time zone, limits, signals, streams."""
    own = {"TMPDIR": str(tmp_path), "TZ": "Asia/Tokyo", "OWN": "x", "PULUMI_CONFIG": "{}"}
    first, second = packs(tmp_path, sdks, SEES, 2, memory=1 << 30)
    variables = tuple(sorted({**dict(first.program.environment), **own}.items()))
    second = replace(second, program=replace(second.program, environment=variables))
    with Pool() as pool:
        started = replace(second, program=replace(second.program, digest=""))
        [alone] = judged([started], pool)
        assert servers() == []
        pool.start_ahead([first.program, second.program])
        found = judged([first, second], pool)
        [server] = servers()
        guardians = server.children()
        assert len(guardians) == 2
    assert [result.errors for result in (alone, *found)] == [(), (), ()]
    assert found[1].violations[0].message == alone.violations[0].message
    assert str(tmp_path / "pack0") in found[0].violations[0].message
    assert gone(lambda: not any(each.is_running() for each in (server, *guardians)))


def test_the_first_of_an_environment_is_started_and_others_are_forked(tmp_path: Path, sdks: Sdks) -> None:
    """A server costs a start of its own, so one program alone is not forked; a restart is."""
    [pack, *_] = packs(tmp_path, sdks, SEES, 1)
    with Pool(keep=0) as pool:
        for number in range(3):
            [result] = judged([pack], pool)
            assert result.errors == ()
            assert len(servers()) == (number > 0)


def test_only_what_counts_at_a_start_tells_servers_apart(tmp_path: Path, sdks: Sdks) -> None:
    """Packs of another environment, or with another variable that an interpreter reads, have their own."""
    [pack] = packs(tmp_path, sdks, SEES, 1)
    key = fork_key(pack.program)
    environment = dict(pack.program.environment)

    def with_variable(name: str) -> object:
        changed = tuple(sorted({**environment, name: "1"}.items()))
        return fork_key(replace(pack.program, environment=changed))

    assert key is not None
    assert [with_variable(name) == key for name in ("PULUMI_STACK", "TZ", "TMPDIR", "OWN")] == [True] * 4
    for name in ("PYTHONHASHSEED", "LANG", "LC_ALL", "LD_PRELOAD", "GRPC_VERBOSITY", "OTEL_SDK_DISABLED"):
        assert with_variable(name) not in (key, None)
    assert fork_key(replace(pack.program, digest="")) is None
    assert fork_key(replace(pack.program, command=("node", "--require", "node_host.cjs"))) is None


OWN_JSON = """
import importlib.util, os, sys
place = os.path.join(os.path.dirname(os.__file__), "json")
spec = importlib.util.spec_from_file_location(
    "json", os.path.join(place, "__init__.py"), submodule_search_locations=[place])
module = importlib.util.module_from_spec(spec)
sys.modules["json"] = module
spec.loader.exec_module(module)
module.WHOSE = "the pack's"
"""


def test_a_file_that_stands_for_a_loaded_module_is_the_packs(tmp_path: Path, sdks: Sdks) -> None:
    """A pack may have modules of the same names as those that its server has loaded: it is started anew."""
    source = """
        import json
        from pulumi_policy import *
        PolicyPack("own", [ResourceValidationPolicy("own", "o", lambda args, report: report(json.WHOSE))])
    """
    wanted = packs(tmp_path, sdks, source, 2)
    for pack in wanted:
        (pack.program.directory / "json.py").write_text(OWN_JSON)
    with Pool() as pool:
        pool.start_ahead([pack.program for pack in wanted])
        assert servers()
        found = judged(wanted, pool)
    assert [each.errors for each in found] == [(), ()]
    assert [each.violations[0].message for each in found] == ["o\nthe pack's"] * 2


def test_broken_packs_end_as_they_do_alone(tmp_path: Path, sdks: Sdks) -> None:
    """Codes, culprits, texts and last words, of every broken Python pack that gives an answer in the end."""
    sources = [each for each in BROKEN if each.name.startswith("python-") and not deadlines(each)]
    wanted = []
    for source in sources:
        pack = broken(source, tmp_path / source.name, sdks)
        wanted.append(replace(pack, program=replace(pack.program, digest=source.name)))
    with Pool(keep=0) as pool:
        pool.start_ahead([pack.program for pack in wanted])
        results = evaluate(buckets("first", "bad", "last"), wanted, pool=pool).packs
        assert servers()
    for source, result in zip(sources, results, strict=True):
        errors = [(error.code, error.policy) for error in result.errors]
        assert errors == [(error["code"], error["policy"]) for error in expected(source)["errors"]], (
            source.name
        )
        for error, of in zip(result.errors, expected(source)["errors"], strict=True):
            assert of["why"] in error.why


def test_packs_outlive_their_server_but_not_packreg(tmp_path: Path, sdks: Sdks) -> None:
    """When the server is killed its packs go on, and more can be started; when packreg is, they all end."""
    wanted = packs(tmp_path, sdks, SEES, 3)
    script = f"""
        import sys, time
        sys.path.insert(0, {str(Path(__file__).parents[2])!r})
        from dataclasses import replace
        from pathlib import Path
        from packreg.analyzer.pool import Pool
        from tests.analyzer.packs import runnable
        programs = []
        for number in range(3):
            pack = runnable(Path({str(tmp_path)!r}, f"pack{{number}}"), python=Path({str(sdks.python)!r}))
            programs.append(replace(pack.program, digest=f"digest{{number}}"))
        pool = Pool()
        kept = [pool.take(program) for program in programs]
        print("ready", flush=True)
        sys.stdin.readline()
        print([analyzer.info().name for analyzer in kept], pool.take(programs[0]).info().name, flush=True)
        time.sleep(600)
    """
    assert wanted
    host = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert host.stdout is not None
    assert host.stdin is not None
    try:
        assert host.stdout.readline() == "ready\n"
        below = psutil.Process(host.pid).children(recursive=True)
        [server] = [
            each
            for each in below
            if "python_forks.py" in " ".join(each.cmdline()) and each.ppid() == host.pid
        ]
        server.send_signal(signal.SIGKILL)
        host.stdin.write("\n")
        host.stdin.flush()
        assert host.stdout.readline() == "['sees', 'sees', 'sees'] sees\n"
        below = [each for each in below if each != server] + psutil.Process(host.pid).children(recursive=True)
        os.kill(host.pid, signal.SIGKILL)
        assert gone(lambda: not any(running(each) for each in below))
    finally:
        host.kill()
        host.wait()


def running(process: psutil.Process) -> bool:
    """Whether it runs, and has not only ended."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
