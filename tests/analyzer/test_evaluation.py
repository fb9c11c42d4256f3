"""Real packs with the real SDKs over resources: findings, order, isolation, restarts, workers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from packreg.analyzer.evaluation import PackToRun, evaluate
from packreg.analyzer.findings import PackResult, PropertyChange
from packreg.analyzer.pool import Pool
from packreg.analyzer.program import Stack
from packreg.configuration.file import read_layer
from packreg.errors import PackFailed
from packreg.states.resources import read_resources
from packreg.states.snapshot import Snapshot
from packreg.states.state import read_state
from tests.analyzer.packs import BUCKET, FIXTURES, Sdks, buckets, program, python_source, runnable, short

STACK = Stack("dev", "shop", "acme", tags={"stage": "test"})


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    """Keeps the packs that several tests run."""
    with Pool(keep=4) as pool:
        yield pool


@pytest.fixture(scope="module", params=["python", "nodejs"])
def kinds(request: pytest.FixtureRequest, sdks: Sdks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack with one policy of every kind, in each language."""
    name = f"{request.param}-kinds"
    place = tmp_path_factory.mktemp("kinds") / name
    shutil.copytree(FIXTURES / name, place)
    if request.param == "nodejs":
        (place / "node_modules").symlink_to(sdks.node_modules)
    return place


def kinds_pack(place: Path, sdks: Sdks, *layers: bytes) -> PackToRun:
    """The pack, kept warm, with these configuration files."""
    given = [read_layer(layer, "config.json") for layer in layers]
    return runnable(place, given, python=sdks.python, digest=place.name, stack=STACK)


def demo() -> Snapshot:
    """An open bucket, one that is as it should be, and a website."""
    good = {"acl": "private", "owner": "me", "bucketName": "x", "tags": {"managed": "yes"}, "encrypted": True}
    resources = [
        {"type": BUCKET, "name": "open", "properties": {"acl": "public", "bucketName": "x", "owner": "me"}},
        {"type": BUCKET, "name": "good", "properties": good},
        {"type": "demo:index:Other", "name": "site", "properties": {"website": "a"}},
    ]
    return read_resources("\n".join(map(json.dumps, resources)).encode(), "resources.jsonl")


def table(result: PackResult) -> list[tuple[str, str, str, str]]:
    """Policy, level, resource and reported text of each violation."""
    return [(v.policy, v.level, short(v.urn), v.message.partition("\n")[2]) for v in result.violations]


def test_every_kind_of_policy(kinds: Path, sdks: Sdks, pool: Pool) -> None:
    """Resource and stack policies, all levels, remediations, what does not apply: the same in each SDK."""
    [result] = evaluate(demo(), [kinds_pack(kinds, sdks)], pool=pool).packs
    quote = "'public'"
    assert table(result) == [
        ("private", "mandatory", "open", f"open has the access list {quote}."),
        ("tagged", "mandatory", "open", "open lacks the tag."),
        ("website", "mandatory", "site", "site is a website."),
        ("unique", "mandatory", "open", "open shares its name."),
        ("unique", "mandatory", "good", "good shares its name."),
        ("few", "advisory", "account-resources", "There are 3 resources; stage test."),
    ]
    assert [v.kind for v in result.violations] == ["resource"] * 3 + ["stack"] * 3
    assert {v.severity for v in result.violations if v.policy == "private"} == {"high"}
    assert [(r.policy, short(r.urn), r.changes) for r in result.remediations] == [
        ("tagged", "open", (PropertyChange(("tags",), "add", after={"managed": "yes"}),)),
        ("encrypt", "open", (PropertyChange(("encrypted",), "add", after=True),)),
    ]
    assert result.errors == ()
    assert result.counts == {"passed": 1, "failed": 6, "disabled": 1, "not applicable": 0, "error": 0}
    assert (result.pack, result.version, result.resources) == (kinds.name, "1.0.0", 3)


def test_findings_carry_the_name_that_a_pack_is_run_under(kinds: Path, sdks: Sdks, pool: Pool) -> None:
    """Where the caller names the pack, everything it finds is of that name, whatever it calls itself."""
    pack = replace(kinds_pack(kinds, sdks), name="registered")
    [result] = evaluate(demo(), [pack], pool=pool).packs
    assert result.violations and result.remediations
    found = (result, *result.violations, *result.remediations)
    assert {each.pack for each in found} == {"registered"}


def test_what_a_pack_says_of_itself(kinds: Path, sdks: Sdks, pool: Pool) -> None:
    """All metadata arrives: levels, severity, framework, tags, remediation steps, URL, schema, types."""
    info = evaluate(demo(), [kinds_pack(kinds, sdks)], pool=pool).packs[0].info
    assert info is not None and info.name == kinds.name
    assert info.sdk
    private = info.policy("private")
    assert private is not None and private.schema is not None and private.framework is not None
    assert private.display_name == "Private buckets"
    assert (private.level, private.severity, private.type) == ("mandatory", "high", "resource")
    assert private.framework.reference == "D-7"
    assert private.tags == ("access",)
    assert private.remediation_steps == "Write `private`."
    assert private.url == "https://example.com/private"
    assert private.schema.properties["allowed"]["default"] == ["private"]
    assert {policy.name: policy.level for policy in info.policies}["off"] == "disabled"
    assert {p.name for p in info.policies if p.type == "stack"} == {"unique", "few"}
    assert info.initial["few"].level == "advisory"


def test_configuration_reaches_the_pack(kinds: Path, sdks: Sdks, pool: Pool) -> None:
    """Levels and properties from a file count, and what an earlier run set does not stay."""
    layer = json.dumps(
        {
            "all": "advisory",
            "private": {"enforcementLevel": "mandatory", "allowed": ["public"]},
            "website": "disabled",
            "unique": "remediate",
        }
    ).encode()
    configured = evaluate(demo(), [kinds_pack(kinds, sdks, layer)], pool=pool).packs[0]
    assert [row[:3] for row in table(configured)] == [
        ("tagged", "advisory", "open"),
        ("off", "advisory", "open"),  # "all" of a later layer goes before the policy's own level
        ("private", "mandatory", "good"),
        ("off", "advisory", "good"),
        ("off", "advisory", "site"),
        ("unique", "mandatory", "open"),
        ("unique", "mandatory", "good"),
        ("few", "advisory", "account-resources"),
    ]
    assert configured.remediations == ()
    assert {policy.policy: policy.level for policy in configured.policies}["website"] == "disabled"
    before = evaluate(demo(), [kinds_pack(kinds, sdks)], pool=pool).packs[0]
    assert before.counts["failed"] == 6


def test_a_refused_configuration_keeps_only_that_pack_from_running(
    kinds: Path, sdks: Sdks, pool: Pool
) -> None:
    """A value that a schema refuses is an error of that pack, with the reason, and no policy has passed."""
    wrong = b'{"private": {"allowed": "public"}}'
    packs = [kinds_pack(kinds, sdks, wrong), kinds_pack(kinds, sdks)]
    refused, fine = evaluate(demo(), packs, pool=pool).packs
    [error] = refused.errors
    assert (error.code, error.resources, refused.policies) == ("configuration-refused", 3, ())
    assert "private" in error.why and "allowed" in error.why
    assert fine.errors == () and len(fine.violations) == 6


def test_several_packs_at_once_and_in_order(sdks: Sdks) -> None:
    """Python, JavaScript and TypeScript packs judge together; results are in the order of the packs."""
    order = ["nodejs-typescript", "python-guard", "nodejs-guard"]
    packs = [runnable(sdks.packs[name], digest=name) for name in order]
    evaluation = evaluate(buckets("a", "b"), packs)
    assert [pack.pack for pack in evaluation.packs] == order
    assert [len(pack.violations) for pack in evaluation.packs] == [2, 6, 4]
    assert evaluation.is_complete


def numbered(count: int) -> Snapshot:
    """Buckets of which every third is public."""
    resources = [
        {"type": BUCKET, "name": f"b{n}", "properties": {"acl": "public" if n % 3 == 0 else "private"}}
        for n in range(count)
    ]
    return read_resources("\n".join(map(json.dumps, resources)).encode(), "resources.jsonl")


@pytest.mark.parametrize(("in_flight", "workers"), [(1, 1), (16, 1), (16, 2)])
def test_results_are_in_the_order_of_the_resources(in_flight: int, workers: int, sdks: Sdks) -> None:
    """However many questions are under way in however many processes, the result is the same."""
    pack = runnable(sdks.packs["python-guard"])
    [result] = evaluate(numbered(200), [pack], in_flight=in_flight, workers=workers).packs
    public = [short(v.urn) for v in result.violations if v.policy == "bucket-acl-private"]
    assert public == [f"b{n}" for n in range(0, 200, 3)]
    assert [short(v.urn) for v in result.violations if v.policy == "bucket-has-owner"] == [
        f"b{n}" for n in range(200)
    ]
    counts = {policy.policy: (policy.passed, policy.failed) for policy in result.policies}
    assert counts["bucket-acl-private"] == (133, 67)
    assert counts["bucket-names-unique"] == (1, 0)


def test_the_stack_is_judged_once_over_all_workers_resources(sdks: Sdks) -> None:
    """A stack policy sees every resource, whichever process judged it."""
    pack = runnable(sdks.packs["python-guard"])
    [result] = evaluate(buckets(*"abcdefgh", bucketName="same"), [pack], workers=2).packs
    [found] = [v for v in result.violations if v.kind == "stack"]
    assert "8 buckets have the name 'same'" in found.message
    assert (found.resource_type, found.urn) == ("pulumi:pulumi:Stack", buckets("a").root)


RAISES = """
    from pulumi_policy import PolicyPack, ResourceValidationPolicy, StackValidationPolicy, EnforcementLevel

    def culprit(name):
        def validate(args, report):
            if name in args.props.get("raises", []):
                raise ValueError(f"{name} cannot stand {args.name}")
            report(f"{name} saw {args.name}")
        return ResourceValidationPolicy(name, "d", validate)

    def stack_raises(args, report):
        raise KeyError("stack")

    def stack_reports(args, report):
        report(f"{len(args.resources)} seen")

    PolicyPack("raises", enforcement_level=EnforcementLevel.MANDATORY, policies=[
        culprit("one"), culprit("two"), culprit("three"),
        StackValidationPolicy("stack-raises", "d", stack_raises),
        StackValidationPolicy("stack-reports", "d", stack_reports),
    ])
"""


def test_every_culprit_is_named_and_all_else_stands(sdks: Sdks, tmp_path: Path) -> None:
    """Different policies raise on different resources: each is named there, each other judgement is kept."""
    raising = {
        "a": [],
        "b": ["one"],
        "c": ["two"],
        "d": ["one", "three"],
        "e": [],
        "f": ["one", "two", "three"],
    }
    lines = [
        json.dumps({"type": BUCKET, "name": name, "properties": {"raises": names}})
        for name, names in raising.items()
    ]
    snapshot = read_resources("\n".join(lines).encode(), "resources.jsonl")
    pack = runnable(python_source(tmp_path / "raises", RAISES), python=sdks.python)
    [result] = evaluate(snapshot, [pack]).packs

    policies = ["one", "two", "three"]
    found = [(v.policy, short(v.urn)) for v in result.violations if v.kind == "resource"]
    assert found == [(p, name) for name in raising for p in policies if p not in raising[name]]
    errors = [(e.policy, short(e.urn)) for e in result.errors if e.kind == "resource"]
    assert errors == [(p, name) for name in raising for p in policies if p in raising[name]]
    assert all(
        f"{e.policy} cannot stand {short(e.urn)}" in e.why for e in result.errors if e.kind == "resource"
    )
    assert [v.message for v in result.violations if v.kind == "stack"] == ["d\n6 seen"]
    assert [e.policy for e in result.errors if e.kind == "stack"] == ["stack-raises"]
    counts = {p.policy: (p.failed, p.errors) for p in result.policies}
    assert counts == {
        "one": (3, 3),
        "two": (4, 2),
        "three": (4, 2),
        "stack-raises": (0, 1),
        "stack-reports": (1, 0),
    }
    assert result.restarts == 0


def test_what_cannot_be_sent_is_an_error_of_that_resource(sdks: Sdks) -> None:
    """Properties nested too deep are an error, for the stack's policies as well; the rest stands."""
    deep: object = "leaf"
    for _ in range(40):
        deep = {"a": deep}
    lines = [
        json.dumps({"type": BUCKET, "name": "flat", "properties": {"acl": "public"}}),
        json.dumps({"type": BUCKET, "name": "deep", "properties": {"acl": "public", "deep": deep}}),
    ]
    snapshot = read_resources("\n".join(lines).encode(), "resources.jsonl")
    [result] = evaluate(snapshot, [runnable(sdks.packs["python-guard"])]).packs
    assert {short(v.urn) for v in result.violations} == {"flat"}
    assert [(e.code, e.kind) for e in result.errors] == [("unsendable", "resource"), ("unsendable", "stack")]
    assert all("deep" in e.why for e in result.errors)
    assert all(policy.errors == 1 for policy in result.policies)


ECHO = """
    import json
    from pulumi_policy import PolicyPack, ResourceValidationPolicy

    def echo(args, report):
        opts = args.opts
        report(json.dumps({
            "props": dict(args.props), "urn": args.urn, "name": args.name, "type": args.resource_type,
            "protect": opts.protect, "ignore": list(opts.ignore_changes), "aliases": list(opts.aliases),
            "timeouts": opts.custom_timeouts.create_seconds, "parent": opts.parent,
            "provider": [args.provider.resource_type, args.provider.name, dict(args.provider.props)],
        }, default=lambda v: dict(v) if hasattr(v, 'keys') else list(v), sort_keys=True))

    PolicyPack("echo", policies=[ResourceValidationPolicy("echo", "d", echo)])
"""


def test_everything_about_a_resource_arrives(sdks: Sdks, tmp_path: Path) -> None:
    """What a policy sees is what the state says: properties of every kind, options, provider."""
    prefix = "urn:pulumi:dev::shop::"
    provider = f"{prefix}pulumi:providers:demo::main"
    properties = {
        "n": 1.5,
        "t": True,
        "f": False,
        "z": None,
        "s": "é🎈",
        "l": [1, "a", [None]],
        "o": {"": {}},
    }
    state = {
        "version": 3,
        "deployment": {
            "resources": [
                {
                    "urn": f"{prefix}pulumi:pulumi:Stack::shop-dev",
                    "type": "pulumi:pulumi:Stack",
                    "custom": False,
                },
                {
                    "urn": provider,
                    "type": "pulumi:providers:demo",
                    "custom": True,
                    "id": "1",
                    "inputs": {"region": "eu"},
                },
                {
                    "urn": f"{prefix}{BUCKET}::b",
                    "type": BUCKET,
                    "custom": True,
                    "id": "2",
                    "inputs": {**properties, "__internal": 1},
                    "provider": f"{provider}::1",
                    "protect": True,
                    "parent": f"{prefix}pulumi:pulumi:Stack::shop-dev",
                    "ignoreChanges": ["acl"],
                    "aliases": [f"{prefix}{BUCKET}::old"],
                    "customTimeouts": {"create": 300},
                },
            ]
        },
    }
    pack = runnable(python_source(tmp_path / "echo", ECHO), python=sdks.python)
    snapshot = read_state(json.dumps(state).encode(), "state.json")
    result = evaluate(snapshot, [pack]).packs[0]
    [seen] = [v.message.partition("\n")[2] for v in result.violations if short(v.urn) == "b"]
    assert json.loads(seen) == {
        "props": properties,
        "urn": f"{prefix}{BUCKET}::b",
        "name": "b",
        "type": BUCKET,
        "protect": True,
        "ignore": ["acl"],
        "aliases": [f"{prefix}{BUCKET}::old"],
        "timeouts": 300,
        "parent": f"{prefix}pulumi:pulumi:Stack::shop-dev",
        "provider": ["pulumi:providers:demo", "main", {"region": "eu"}],
    }


def test_an_empty_state_asks_nothing(sdks: Sdks) -> None:
    """No resources: the pack says what it is, and no policy fails or errs."""
    empty = read_state(b'{"version": 3, "deployment": {"resources": []}}', "state.json")
    [result] = evaluate(empty, [runnable(sdks.packs["python-guard"])]).packs
    assert result.info is not None and result.info.name == "python-guard"
    assert (result.violations, result.errors) == ((), ())
    assert sum(p.passed + p.failed for p in result.policies) == 0


def test_interrupting_leaves_nothing_running(sdks: Sdks, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the evaluation is broken off, all packs are stopped before the interruption comes through."""
    started = []

    class Watching(Pool):
        def take(self, *arguments: object) -> object:  # type: ignore[override]
            started.append(super().take(*arguments))  # type: ignore[arg-type]
            return started[-1]

    snapshot = numbered(2000)
    original = snapshot.values.properties
    calls = iter(range(3000))

    def interrupted(raw: object) -> object:
        if next(calls) == 1000:
            raise KeyboardInterrupt
        return original(raw)  # type: ignore[arg-type]

    monkeypatch.setattr(snapshot.values, "properties", interrupted)
    pool = Watching()
    with pytest.raises(KeyboardInterrupt):
        evaluate(
            snapshot, [runnable(sdks.packs["python-guard"]), runnable(sdks.packs["nodejs-guard"])], pool=pool
        )
    assert len(started) == 2
    assert not any(analyzer.process.alive for analyzer in started)


def test_a_pack_that_is_not_installed_says_so(tmp_path: Path) -> None:
    """Before anything is started, what is missing is named, with the way to mend it."""
    for runtime, missing in (("python", "Python environment 'venv'"), ("nodejs", "node_modules")):
        place = tmp_path / runtime
        place.mkdir()
        (place / "PulumiPolicy.yaml").write_text(f"runtime: {runtime}\nversion: 1.0.0\n")
        with pytest.raises(PackFailed, match=missing) as failed:
            program(place)
        assert failed.value.code == "not-installed" and failed.value.hint
