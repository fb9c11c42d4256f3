"""A Python pack that is asked in its own process cannot tell, and answers as over gRPC."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from packreg.analyzer import frames
from packreg.analyzer.analyzer import Analyzer, CallFailed
from packreg.analyzer.evaluation import evaluate
from packreg.analyzer.hosts import python_host
from packreg.analyzer.pool import Pool
from packreg.analyzer.program import Deadlines
from packreg.analyzer.protocol import analyzer_pb2 as pb
from tests.analyzer.packs import Sdks, buckets, install_sdk, listed, program, python_source, runnable, short
from tests.analyzer.values import resources

ANY = """
    from pulumi_policy import *

    def shown(value):
        if isinstance(value, dict):
            return {key: shown(value[key]) for key in sorted(value)}
        if isinstance(value, list):
            return [shown(each) for each in value]
        return value if value is None or isinstance(value, (bool, int, float, str)) else type(value).__name__

    def sees(args, report):
        report(f"{args.resource_type} {args.urn} {args.name} {shown(args.props)!r} "
               f"{args.opts.protect} {list(args.opts.ignore_changes)} {getattr(args.opts, 'parent', None)} "
               f"{args.provider and (args.provider.urn, shown(args.provider.props))}")

    def changes(args, report):
        try:
            for key in sorted(args.props):
                if isinstance(args.props[key], list):
                    args.props[key].append("changed")
                args.props[key] = "changed"
            args.props["more"] = 1
        except TypeError as refused:  # old SDKs let nothing be changed
            report(str(refused))

    def raises(args, report):
        raise ValueError(f"no good: {args.name}")

    def remedies(args):
        if "acl" in args.props:
            args.props["acl"] = "private"
        args.props["list"] = [1, {"a": None}]

    def stack(args, report):
        for each in args.resources:
            report(f"{each.urn} {shown(each.props)!r} {each.parent and each.parent.urn}", each.urn)

    PolicyPack("any", [
        ResourceValidationPolicy("sees", "s", sees),
        ResourceValidationPolicy("changes", "c", changes),
        ResourceValidationPolicy("sees-again", "s", sees),
        ResourceValidationPolicy("raises", "r", raises, EnforcementLevel.DISABLED),
        StackValidationPolicy("stack", "s", stack),
        StackValidationPolicy("stack-again", "s", stack),
        *([ResourceValidationPolicy("remedies", "r", None, EnforcementLevel.REMEDIATE, remediate=remedies)]
          if hasattr(EnforcementLevel, "REMEDIATE") else []),
    ], EnforcementLevel.MANDATORY)
"""


@contextmanager
def running(directory: Path, python: Path, *, hosted: bool) -> Iterator[Analyzer]:
    """A running pack."""
    with Pool(keep=0) as pool:
        yield pool.take(replace(program(directory, python=python), hosted=hosted))


def said(analyzer: Analyzer, questions: Sequence[tuple[str, bytes]]) -> list[Any]:
    """What each question was answered with: messages as bytes, errors as their kind and texts."""
    found: list[Any] = []
    size = analyzer.batch
    for start in range(0, len(questions), size):
        for each in analyzer.ask(questions[start : start + size]).result():
            failed = isinstance(each, CallFailed)
            found.append(
                (each.kind, each.details, each.why) if failed else each.SerializeToString(deterministic=True)
            )
    return found


def test_both_sides_speak_of_the_same() -> None:
    """The host cannot import what packreg asks by, so it has its own copy of every name and format."""
    assert python_host.VARIABLE == frames.VARIABLE
    assert python_host.METHODS == frames.METHODS
    assert [each.format for each in (python_host.FRAME, python_host.REQUEST, python_host.ANSWER)] == [
        each.format for each in (frames.FRAME, frames.REQUEST, frames.ANSWER)
    ]
    assert python_host.RUNNING.size * (python_host.THREADS + 1) <= frames.RUNNING.size
    script = Path(python_host.__file__).with_name("node_host.cjs").read_text()
    listed = script.partition("const METHODS = [")[2].partition("]")[0]
    assert tuple(word.strip().strip('"') for word in listed.split(",") if word.strip()) == frames.METHODS
    sizes = f"FRAME = {frames.FRAME.size}, REQUEST = {frames.REQUEST.size}, ANSWER = {frames.ANSWER.size};"
    assert sizes in script and f'"{frames.VARIABLE}"' in script


@pytest.mark.parametrize("version", ["1.3.0", "1.21.0"])
def test_both_ways_give_the_same_answers(version: str, tmp_path: Path, sdks: Sdks) -> None:
    """To every method, over generated resources and bytes that are none: messages, errors and their texts.

    Policies that change what they were given change nothing for the next.
    """
    newest = version == "1.21.0"
    python = sdks.python if newest else install_sdk(tmp_path, f"pulumi-policy=={version}")
    pack = python_source(tmp_path / "any", ANY)
    made = resources(random.Random(7), 150)
    questions = [(method, request) for request in made for method in ("Remediate", "Analyze")]
    whole = pb.AnalyzeStackRequest(resources=map(pb.Resource.FromString, made[:40])).SerializeToString()
    questions += [("AnalyzeStack", whole), ("Analyze", b"\xff\xff"), ("AnalyzeStack", b"\x0a\x05abc")]
    answers = []
    for hosted in (True, False):
        with running(pack, python, hosted=hosted) as analyzer:
            assert analyzer.hosted == hosted
            info = analyzer.info()
            plain = said(analyzer, questions)
            analyzer.configure({"raises": {"enforcementLevel": "MANDATORY", "properties": {}}})
            answers.append((info, plain, said(analyzer, questions[-20:])))
    assert answers[0][0] == answers[1][0]
    for asked, at in ((questions, 1), (questions[-20:], 2)):
        for question, ours, theirs in zip(asked, answers[0][at], answers[1][at], strict=True):
            assert ours == theirs, question
    assert any(isinstance(each, bytes) and b"sees-again" in each for each in answers[0][1])
    assert {each[0] for each in answers[0][2] if isinstance(each, tuple)} >= {"raised"}


def test_no_port_is_opened(tmp_path: Path, sdks: Sdks) -> None:
    """A hosted pack listens nowhere, and finds nothing of packreg's in its environment and arguments."""
    pack = python_source(
        tmp_path / "looks",
        """
        import os, sys, threading
        from pulumi_policy import *

        def listening():
            own = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
                   if os.path.lexists(f"/proc/self/fd/{fd}")]
            return [line for name in ("tcp", "tcp6") for line in open(f"/proc/self/net/{name}")
                    if line.split()[3] == "0A" and f"socket:[{line.split()[9]}]" in own]

        def looks(args, report):
            report(repr((listening(), [name for name in os.environ if "PACKREG" in name], sys.argv[1:],
                         threading.current_thread() is threading.main_thread())))

        PolicyPack("looks", [ResourceValidationPolicy("looks", "l", looks)])
        """,
    )
    seen = []
    for hosted in (True, False):
        run = runnable(pack, python=sdks.python)
        run = replace(run, program=replace(run.program, hosted=hosted))
        [result] = evaluate(buckets("a"), [run]).packs
        assert result.errors == ()
        seen.append(result.violations[0].message.partition("\n")[2])
    assert seen[0] == "([], [], ['127.0.0.1:1', '.'], False)"
    assert seen[1].startswith("(['") and seen[1].partition("]")[2] == seen[0].partition("]")[2]


OWN_SERVER = """
    import grpc, os
    from concurrent import futures
    from pulumi_policy import *

    def echo(request, context):
        return request[::-1]

    server = grpc.server(futures.ThreadPoolExecutor(2))
    handler = grpc.unary_unary_rpc_method_handler(echo)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("own.Echo", {"Say": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()

    def asks(args, report):
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            report(channel.unary_unary("/own.Echo/Say")(args.name.encode()).decode())

    PolicyPack("own", [ResourceValidationPolicy("asks", "a", asks)])
"""
CLOSES = """
    import os
    from pulumi_policy import *
    os.closerange(3, 256)  # as libraries do that make daemons

    PolicyPack("closes", [ResourceValidationPolicy("sees", "s", lambda args, report: report(args.name))])
"""
FORKS = """
    import os
    from pulumi_policy import *

    def forks(args, report):
        pid = os.fork()
        if pid:
            os.waitpid(pid, 0)
            report(args.name)

    PolicyPack("forks", [ResourceValidationPolicy("forks", "f", forks)])
"""
PROCESSES = """
    import multiprocessing
    from pulumi_policy import *

    def double(number):
        return number * 2

    def works(args, report):
        with multiprocessing.get_context("fork").Pool(2) as pool:
            report(str(pool.map(double, [1, 2, 3])))

    PolicyPack("works", [ResourceValidationPolicy("works", "w", works)])
"""


@pytest.mark.parametrize(
    ("source", "wanted", "asked"),
    [
        (OWN_SERVER, ["a\nba", "a\ndc"], True),
        (CLOSES, ["s\nab", "s\ncd"], False),
        (FORKS, ["f\nab", "f\ncd"], True),
        (PROCESSES, ["w\n[2, 4, 6]"] * 2, True),
    ],
    ids=["a gRPC server of its own", "closes all descriptors", "forks in a policy", "multiprocessing"],
)
def test_what_packs_may_do(source: str, wanted: list[str], asked: bool, tmp_path: Path, sdks: Sdks) -> None:
    """Packs with servers, forks and processes of their own are judged; who closes the socket serves gRPC."""
    pack = runnable(python_source(tmp_path / "pack", source), python=sdks.python)
    with Pool(keep=0, deadlines=Deadlines(analyze=20)) as pool:
        [result] = evaluate(buckets("ab", "cd"), [pack], pool=pool).packs
    assert result.errors == ()
    assert [found.message for found in result.violations] == wanted
    with Pool(keep=0) as pool:
        assert pool.take(pack.program).hosted == asked


def test_policies_that_wait_wait_together(tmp_path: Path, sdks: Sdks) -> None:
    """Once a policy is seen to wait, four requests are worked on at once, as the SDK's own server does."""
    pack = python_source(
        tmp_path / "waits",
        """
        import threading, time
        from pulumi_policy import *
        inside, most, lock = 0, 0, threading.Lock()

        def waits(args, report):
            global inside, most
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(0.02)
            with lock:
                inside -= 1
            report(f"{args.name} {most}")

        PolicyPack("waits", [ResourceValidationPolicy("waits", "w", waits)])
        """,
    )
    names = [f"b{number}" for number in range(100)]
    [result] = evaluate(buckets(*names), [runnable(pack, python=sdks.python)]).packs
    said = [found.message.split("\n")[1].split() for found in result.violations]
    assert [name for name, _ in said] == names
    assert max(int(most) for _, most in said) == 4


HANGS = """
    import re, time
    from pulumi_policy import *

    def hangs(args, report):
        if args.props.get("hangs"):
            %s
        report(args.name)

    PolicyPack("hangs", [ResourceValidationPolicy("hangs", "h", hangs)])
"""


@pytest.mark.parametrize(
    "hangs", ["time.sleep(60)", 're.match("(a+)+$", "a" * 60 + "b")'], ids=["waits", "holds the interpreter"]
)
def test_the_one_that_hangs_is_known(hangs: str, tmp_path: Path, sdks: Sdks) -> None:
    """Of many in a frame the one that takes too long has no answer; all others have theirs."""
    pack = python_source(tmp_path / "hangs", HANGS % hangs)
    resources = [
        {"type": "demo:index:Bucket", "name": f"b{n}", "properties": {"hangs": n == 70}} for n in range(100)
    ]
    with Pool(keep=0, deadlines=Deadlines(analyze=6)) as pool:
        [result] = evaluate(listed(resources), [runnable(pack, python=sdks.python)], pool=pool).packs
    assert [(error.code, short(error.urn)) for error in result.errors] == [("no-answer", "b70")]
    assert [short(found.urn) for found in result.violations] == [f"b{n}" for n in range(100) if n != 70]


def test_writing_into_the_socket_breaks_the_pack(tmp_path: Path, sdks: Sdks) -> None:
    """A pack that writes to every descriptor it has cannot give answers for what it was not asked."""
    pack = python_source(
        tmp_path / "writes",
        """
        import os, stat
        from pulumi_policy import *

        def writes(args, report):
            if args.name == "bad":
                for fd in range(3, 64):
                    try:
                        if stat.S_ISSOCK(os.fstat(fd).st_mode):
                            os.write(fd, bytes(64))
                    except OSError:
                        pass
            report(args.name)

        PolicyPack("writes", [ResourceValidationPolicy("writes", "w", writes)])
        """,
    )
    [result] = evaluate(buckets("ab", "bad", "cd"), [runnable(pack, python=sdks.python)]).packs
    assert [(error.code, short(error.urn)) for error in result.errors] == [("crashed", "bad")]
    assert [short(found.urn) for found in result.violations] == ["ab", "cd"]
