"""Many resources in one call, for analyzers that take them: the same findings as one call for each."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

import packreg
from packreg.analyzer.analyzer import Answer, CallFailed
from packreg.analyzer.asking import Item, Question, _Questions
from packreg.analyzer.evaluation import PackToRun, evaluate
from packreg.analyzer.findings import PackResult
from packreg.analyzer.pack_program import pack_environment, pack_program
from packreg.analyzer.pool import Pool
from packreg.analyzer.program import Deadlines
from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.analyzer.protocol.many import BATCH
from packreg.analyzer.session import Session
from packreg.opa.program import analyzer_command
from packreg.pack.manifest import parse_manifest
from packreg.pack.problems import Problems
from packreg.services.pack_programs import configured
from packreg.states.snapshot import Snapshot
from tests.analyzer.packs import BUCKET, listed, short
from tests.opa_program import opa_program

RULES = """
package rules

deny_open[msg] { input.acl == "public"; msg := sprintf("%s is open", [input.__name]) }

warn_tags[msg] { not input.tags; msg := "it has no tags" }

two_values = 1 { input.contradicts }
two_values = 2 { input.contradicts }
deny_contradiction["never said"] { two_values == 1 }

deny_endless["it ended"] {
  input.endless
  n := numbers.range(1, 4000)
  count([1 | n[_] + n[_] + n[_] + n[_] == 0]) > 0
}

stack_warn_many[msg] { msg := sprintf("%d resources", [count(input.resources)]) }
"""


def opa_pack(directory: Path, rules: str = RULES) -> PackToRun:
    """A pack with these rules, for our own analyzer."""
    directory.mkdir()
    (directory / "PulumiPolicy.yaml").write_text("runtime: opa\nversion: 1.0.0\n")
    (directory / "rules.rego").write_text(rules)
    manifest = parse_manifest((directory / "PulumiPolicy.yaml").read_bytes(), Problems())
    assert manifest is not None
    own = {"PYTHONPATH": str(Path(packreg.__file__).parents[1])}
    environment = pack_environment(os.environ, own=own)
    program = pack_program(
        directory.name, directory, manifest, environment, analyzer=analyzer_command(opa_program())
    )
    return PackToRun(program, configured())


class Calls:
    """Counts the resources of each call that sessions make, and may let them send single ones only."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sizes: list[int] = []
        ask = Session.ask
        self._patch = monkeypatch

        def counted(session: Session, questions: Sequence[tuple[str, bytes]]) -> Answer:
            self.sizes.append(len(questions))
            return ask(session, questions)

        monkeypatch.setattr(Session, "ask", counted)

    def singly(self) -> None:
        """Let no analyzer be known for taking many."""
        self._patch.setattr("packreg.analyzer.grpc_calls.BATCH", 1)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """What sessions send, from now on."""
    return Calls(monkeypatch)


def buckets(count: int, **special: Mapping[str, object]) -> Snapshot:
    """Buckets b0, b1, …, every third of them public, some with more properties."""
    return listed(
        {
            "type": BUCKET,
            "name": f"b{n}",
            "properties": {"acl": "public" if n % 3 == 0 else "private", **extra},
        }
        for n in range(count)
        for extra in [special.get(f"b{n}", {})]
    )


def judged(snapshot: Snapshot, pack: PackToRun, workers: int = 1) -> PackResult:
    """What the pack finds."""
    [result] = evaluate(snapshot, [pack], workers=workers).packs
    return result


def test_batches_find_what_single_calls_find(tmp_path: Path, calls: Calls) -> None:
    """Violations, errors, counts and order are equal, whichever resources a policy cannot judge."""
    pack = opa_pack(tmp_path / "rules")
    contradicts = {f"b{n}": {"contradicts": True} for n in (0, 7, 255, 256, 599)}
    snapshot = buckets(600, b5={"tags": {"a": "b"}}, b6={"acl": {"deep": [1, None]}}, **contradicts)
    together = judged(snapshot, pack)
    assert max(calls.sizes) == BATCH and len(calls.sizes) < 60
    assert [short(v.urn) for v in together.violations if v.policy == "deny_open"] == [
        f"b{n}" for n in range(0, 600, 3) if n != 6
    ]
    errors = [(error.code, error.policy, short(error.urn)) for error in together.errors]
    assert errors == [("policy-raised", "deny_contradiction", name) for name in contradicts]
    assert together.violations[-1].message.endswith("600 resources")
    counts = {policy.policy: (policy.passed, policy.failed, policy.errors) for policy in together.policies}
    assert counts["deny_contradiction"] == (595, 0, 5) and counts["warn_tags"] == (1, 599, 0)

    calls.singly()
    calls.sizes.clear()
    assert judged(snapshot, pack) == together
    assert set(calls.sizes) == {1} and len(calls.sizes) > 600


def test_workers_share_batches(tmp_path: Path, calls: Calls) -> None:
    """Two processes that take batches find what one finds."""
    pack = opa_pack(tmp_path / "rules")
    assert judged(buckets(600), pack, workers=2) == judged(buckets(600), pack)


def test_a_rule_that_never_ends_spoils_only_its_resource(tmp_path: Path, calls: Calls) -> None:
    """The batch runs into its deadline; asked one by one, the culprit is an error, all others are judged."""
    pack = opa_pack(tmp_path / "rules")
    with Pool(keep=0, deadlines=Deadlines(analyze=2)) as pool:
        [result] = evaluate(buckets(40, b20={"endless": True}), [pack], pool=pool).packs
    assert [(error.code, short(error.urn)) for error in result.errors] == [("no-answer", "b20")]
    assert [short(v.urn) for v in result.violations if v.policy == "deny_open"] == [
        f"b{n}" for n in range(0, 40, 3)
    ]
    assert max(calls.sizes) > 1
    assert {(p.passed + p.failed, p.errors) for p in result.policies if p.policy != "stack_warn_many"} == {
        (39, 1)
    }


def test_what_a_call_left_unanswered_comes_again() -> None:
    """In the order of the questions, whether one, some or none of a group were answered."""
    items = [Item(n, f"urn:{n}", BUCKET, b"%d" % n) for n in range(7)]
    questions = _Questions([Question(item, "Analyze") for item in items], 4, {"Analyze"})
    first = questions.group()
    assert [question.item for question in first] == items[:4]
    raised = CallFailed("raised", "it raised")
    said = list(questions.answered(first, [pb.AnalyzeResponse(), None, raised, None]))
    assert said == [(first[0], pb.AnalyzeResponse()), (first[2], raised)]
    second = questions.group()
    assert [question.item for question in second] == [items[1], items[3], *items[4:6]]
    assert list(questions.answered(second, [None] * 4)) == []
    assert [questions.group()[0].item for _ in range(5)] == [items[1], *items[3:]]
    assert questions.group() == []


def test_only_resources_share_a_call() -> None:
    """Remediate and AnalyzeStack go alone, and so does what would make a message too large."""
    asked = ["Remediate", "Analyze", "Analyze", "Remediate", "Analyze", "AnalyzeStack"]
    item = Item(0, "urn:0", BUCKET, b"")
    questions = _Questions([Question(item, method) for method in asked], 16, {"Analyze"})
    groups = [[question.method for question in questions.group()] for _ in range(6)]
    assert groups == [["Remediate"], ["Analyze", "Analyze"], ["Remediate"], ["Analyze"], ["AnalyzeStack"], []]
    large = Question(item._replace(analyze=bytes(3 << 20)), "Analyze")
    questions = _Questions([large] * 3, 16, {"Analyze"})
    assert [len(questions.group()) for _ in range(3)] == [2, 1, 0]
