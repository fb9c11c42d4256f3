"""The analyzer process, asked over gRPC as the Pulumi CLI asks it."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.analyzer.protocol.encode import encode_configuration, encode_resource, encode_stack
from packreg.analyzer.protocol.many import METHOD, SERVICE, answers, join
from packreg.analyzer.protocol.struct import decode_struct
from packreg.opa.program import analyzer_command
from packreg.states.values import SECRET, SIGNATURE
from tests.opa.packs import PACKS
from tests.opa.resources import DEMO, KUBERNETES, ROOT, bucket
from tests.opa_program import opa_program

ENGINE = "127.0.0.1:1"  # an address that analyzers want and do not use
SOURCE = Path(__file__).parents[3] / "src"


class Running:
    """A started analyzer: what it is asked, and what it said."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")

    def ask(self, method: str, request: bytes = b"", answer: Any = pb.Empty) -> Any:
        """The answer to one call."""
        call = self.channel.unary_unary(
            f"/pulumirpc.Analyzer/{method}", response_deserializer=answer.FromString
        )
        return call(request, timeout=30)

    def found(self, resource: Mapping[str, Any]) -> list[tuple[str, int, str]]:
        """(policy, level, message) of Analyze."""
        answer = self.ask("Analyze", encode_resource(resource), pb.AnalyzeResponse)
        return [(entry.policy_name, entry.enforcement_level, entry.message) for entry in answer.diagnostics]


@contextmanager
def running(pack: Path) -> Iterator[Running]:
    """An analyzer of this pack, ended afterwards."""
    environment = {"PYTHONPATH": str(SOURCE), "PATH": "/usr/bin:/bin"}
    process = subprocess.Popen(
        [*analyzer_command(opa_program()), ENGINE, ".", "-runtime=opa"],
        cwd=pack,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout and process.stderr
    with process:
        analyzer = None
        try:
            line = process.stdout.readline()
            if not line:
                raise AssertionError(process.stderr.read().decode())
            analyzer = Running(process, int(line))
            yield analyzer
        finally:
            if analyzer:
                analyzer.channel.close()
            if process.poll() is None:
                process.kill()


@pytest.fixture(scope="module")
def kinds() -> Iterator[Running]:
    """The analyzer of the pack with every kind of rule."""
    with running(PACKS / "kinds") as analyzer:
        yield analyzer


def configure(analyzer: Running, **settings: Mapping[str, Any]) -> None:
    """Replace the whole configuration."""
    analyzer.ask("Configure", encode_configuration(settings))


def test_it_says_what_it_is(kinds: Running) -> None:
    """Name, version, policies with kinds and levels, configuration schemas."""
    info = kinds.ask("GetAnalyzerInfo", answer=pb.AnalyzerInfo)
    assert (info.name, info.display_name, info.version) == ("kinds", "Every kind of rule", "1.2.3")
    assert info.supports_config and info.description == "Every kind of rule, over buckets and servers"
    policies = {policy.name: policy for policy in info.policies}
    deny = policies["deny"]
    assert (deny.display_name, deny.description) == ("Buckets are private", "Nobody but us reads them")
    assert (deny.message, deny.enforcement_level, deny.policy_type) == (
        "Make the bucket private",
        pb.MANDATORY,
        1,
    )
    assert decode_struct(deny.config_schema.properties) == {"limit": {"type": "integer", "minimum": 1.0}}
    assert list(deny.config_schema.required) == ["limit"]
    lonely = policies["stack_warn_lonely"]
    assert (lonely.enforcement_level, lonely.policy_type) == (pb.ADVISORY, 2)
    assert not lonely.HasField("config_schema")


def test_calls_without_effect_are_answered(kinds: Running) -> None:
    """Handshake, ConfigureStack, Cancel and Remediate do nothing and say so; the plugin has a version."""
    for method in ("Handshake", "ConfigureStack", "Cancel"):
        kinds.ask(method)
    answer = kinds.ask("Remediate", encode_resource(DEMO[1]), pb.RemediateResponse)
    assert not answer.remediations and not answer.not_applicable
    kinds.ask("GetPluginInfo", answer=pb.PluginInfo)


def test_resources_are_judged(kinds: Running) -> None:
    """Findings carry policy, pack, version, description and level."""
    configure(kinds, deny={"enforcementLevel": "ADVISORY", "properties": {"limit": 2}})
    answer = kinds.ask("Analyze", encode_resource(DEMO[2]), pb.AnalyzeResponse)
    found = {(entry.policy_name, entry.enforcement_level, entry.message) for entry in answer.diagnostics}
    assert found == {
        ("deny", pb.ADVISORY, "public has 3 bytes, more than 2"),
        ("deny", pb.ADVISORY, "public is public"),
        ("violation_2", pb.MANDATORY, "all tags are set to one value"),
    }
    first = answer.diagnostics[0]
    assert (first.pack_name, first.pack_version) == ("kinds", "1.2.3")
    assert (first.description, first.urn) == ("Nobody but us reads them", "")


def test_stack_findings_are_on_the_root(kinds: Running) -> None:
    """They name the root stack's URN, and are empty when nothing is wrong."""
    configure(kinds)
    answer = kinds.ask("AnalyzeStack", encode_stack(DEMO), pb.AnalyzeResponse)
    assert {entry.urn for entry in answer.diagnostics} == {ROOT["urn"]}
    assert "several resources are called parts" in [entry.message for entry in answer.diagnostics]


def test_remediate_is_refused(kinds: Running) -> None:
    """With a status and a sentence, and the process goes on."""
    with pytest.raises(grpc.RpcError) as caught:
        configure(kinds, deny={"enforcementLevel": "REMEDIATE"})
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "cannot be set to remediate" in caught.value.details()
    kinds.ask("GetPluginInfo", answer=pb.PluginInfo)


def test_secrets_are_judged_plain(kinds: Running) -> None:
    """A secret value is compared as any other."""
    configure(kinds)
    secret = bucket("b", acl={SIGNATURE: SECRET, "value": "public-read"}, tags={"owner": "a", "cost": "b"})
    assert kinds.found(secret) == [("deny", pb.MANDATORY, "b is public")]


@pytest.mark.parametrize("method", ["Analyze", "AnalyzeStack", "Configure"])
def test_bytes_that_are_no_request_are_refused(kinds: Running, method: str) -> None:
    """INVALID_ARGUMENT, and the process goes on."""
    with pytest.raises(grpc.RpcError) as caught:
        kinds.ask(method, b"\xff\xff\xff")
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    kinds.ask("GetPluginInfo", answer=pb.PluginInfo)


def analyze_many(analyzer: Running, requests: Iterable[bytes], *, timeout: float) -> list[Any]:
    """What comes back for all of these, asked at once."""
    call = analyzer.channel.unary_unary(f"/{SERVICE}/{METHOD}", response_deserializer=answers)
    found: list[Any] = call(join(requests), timeout=timeout)
    return found


def test_many_resources_in_one_call_are_judged_alike(kinds: Running) -> None:
    """The same answers in the same order; one that cannot be read fails alone."""
    configure(kinds)
    requests = [encode_resource(item) for item in DEMO]
    single = [kinds.ask("Analyze", request, pb.AnalyzeResponse) for request in requests]
    many = analyze_many(kinds, [*requests, b"\xff"], timeout=30)
    assert many[:-1] == single
    assert isinstance(many[-1], str) and "not a Resource" in many[-1]


def test_a_batch_that_takes_too_long_is_answered_in_part(tmp_path: Path) -> None:
    """After a share of the call's time the first answers come, at least one, and the rest is not judged."""
    # the product of three ranges takes a good part of a second, for each resource
    slow = "count([1 | numbers.range(1, 40)[_]; numbers.range(1, 40)[_]; numbers.range(1, input.n)[_]])"
    (tmp_path / "a.rego").write_text(f'package p\ndeny[m] {{ m := sprintf("%d", [{slow}]) }}\n')
    with running(tmp_path) as analyzer:
        requests = [encode_resource(bucket(f"b{number}", n=40)) for number in range(200)]
        many = analyze_many(analyzer, requests, timeout=4)
        assert 0 < len(many) < 200
        assert all(answer.diagnostics[0].message == "64000" for answer in many)


def test_a_policy_that_fails_is_an_error_of_the_call(tmp_path: Path) -> None:
    """UNKNOWN with the policy's name; the other resources are judged."""
    rules = 'package p\nx = 1 { input.a }\nx = 2 { input.a }\ndeny["m"] { x }\n'
    (tmp_path / "a.rego").write_text(rules)
    with running(tmp_path) as analyzer:
        with pytest.raises(grpc.RpcError) as caught:
            analyzer.found(bucket("b", a=True))
        assert caught.value.code() == grpc.StatusCode.UNKNOWN
        assert "the policy 'deny' cannot be evaluated: a.rego:3" in caught.value.details()
        assert analyzer.found(bucket("b", a=False)) == []


def test_admission_reviews(tmp_path: Path) -> None:
    """Kubernetes resources are judged with parameters, others are not applicable."""
    with running(PACKS / "admission") as analyzer:
        configure(
            analyzer, violation={"enforcementLevel": "MANDATORY", "properties": {"repositories": ["good/"]}}
        )
        (found,) = analyzer.found(KUBERNETES[1])
        assert found == ("violation", pb.MANDATORY, "shop/web: the image evil/x is from nowhere we know")
        answer = analyzer.ask("Analyze", encode_resource(KUBERNETES[-1]), pb.AnalyzeResponse)
        assert [entry.policy_name for entry in answer.not_applicable] == ["violation", "deny_privileged"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_asked(number: signal.Signals) -> None:
    """At once, with exit code 0, and without a word."""
    with running(PACKS / "admission") as analyzer:
        analyzer.process.send_signal(number)
        assert analyzer.process.wait(10) == 0
        assert analyzer.process.stderr and analyzer.process.stderr.read() == b""


def test_warnings_are_on_stderr(tmp_path: Path) -> None:
    """What is odd about a pack, and a required value that is missing, are said while it runs."""
    shutil.copytree(PACKS / "kinds", tmp_path / "pack")
    (tmp_path / "pack/PulumiPolicy.yaml").write_text("runtime: opa\n")
    with running(tmp_path / "pack") as analyzer:
        configure(analyzer)
        analyzer.process.terminate()
        assert analyzer.process.stderr
        said = analyzer.process.stderr.read().decode()
    assert "warning[opa/missing-version]" in said
    assert "warning[opa/duplicate-rule] more/stack.rego:6" in said
    assert "warning[opa/missing-config] deny: there is no value for 'limit'" in said


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "error[rego-missing]"),
        ({"a.rego": "package p\ndeny[x] {"}, "error[rego-syntax] a.rego:"),
        ({"a.rego": "package p", "b.rego": "package q"}, "error[rego-packages] b.rego"),
        ({"a.rego": 'package p\ndeny["x"]', "config-schema.json": "{"}, "config-schema.json:1"),
        ({"a.rego": 'package p\ndeny[m] { m := nosuch("x") }'}, "error[rego-unknown-function] a.rego:2"),
        ({"a.rego": "package p\nf(x) = f(x)\ndeny[m] { m := f(1) }"}, "error[rego-recursion] a.rego:2"),
        ({"a.rego": "package p\n" + "x := " + "{" * 200_000}, "error[rego-syntax] a.rego:2"),
    ],
)
def test_broken_packs_do_not_start(files: dict[str, str], said: str, tmp_path: Path) -> None:
    """No port, exit code 1, and what is wrong on stderr, without a traceback."""
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [*analyzer_command(opa_program()), ENGINE, "."],
        cwd=tmp_path,
        env={"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr and "Traceback" not in done.stderr
