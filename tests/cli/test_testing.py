"""`test` with real packs: their own cases, what differs, what cannot be evaluated, and what is written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from packreg.cases.reading import schema_text
from packreg.pack.template import LANGUAGES, TEMPLATES
from tests.analyzer.packs import FIXTURES, install, python_source
from tests.cli.conftest import User
from tests.cli.test_documented_json import assert_has, first

pytestmark = pytest.mark.usefixtures("opa")

KINDS = ("python-kinds", "nodejs-kinds", "opa-kinds")
#: Says in which process it runs and what it was told, and fails where it is asked to.
TALKER = """
    import os
    import pulumi
    from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy, StackValidationPolicy

    BORN_IN = pulumi.get_stack()

    def talk(args, report):
        if args.props.get("raise"):
            raise ValueError("as asked")
        if args.props.get("talk"):
            report(f"pid {os.getpid()} born in {BORN_IN} project {pulumi.get_project()} "
                   f"config {pulumi.Config('app').get('key')} dry {pulumi.runtime.is_dry_run()}")

    def tell(args, report):
        report(f"tags {dict(args.stack_tags)}")

    PolicyPack(
        name="talker",
        enforcement_level=EnforcementLevel.ADVISORY,
        policies=[
            ResourceValidationPolicy("talk", "Talks.", talk),
            StackValidationPolicy("tell", "Tells.", tell, enforcement_level=EnforcementLevel.DISABLED),
        ],
    )
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with a pack of every kind for each runtime, and a home where they are installed."""
    root = tmp_path_factory.mktemp("shop")
    install(root, KINDS)
    return root


@pytest.fixture
def author(user: User, shop: Path) -> User:
    """A user of that registry and that home."""
    user.extra |= {"PACKREG_REGISTRY": str(shop / "registry"), "PACKREG_HOME": str(shop / "home")}
    user.extra["XDG_STATE_HOME"] = str(shop / "state")
    return user


def installed(shop: Path, pack: str, inside: str) -> Path:
    """Something inside an installed pack."""
    [found] = (shop / "home" / "packs").glob(f"*/{pack}/*/{inside}")
    return found


@pytest.fixture
def talker(author: User, shop: Path) -> Path:
    """The pack that talks, in the user's directory, without cases."""
    pack = python_source(author.directory / "talker", TALKER)
    (pack / "venv").symlink_to(installed(shop, "python-kinds", "venv"))
    (pack / "tests").mkdir()
    return pack


def cases(user: User, **files: str) -> Path:
    """An OPA pack, as `new` makes it, with these case files instead of its own."""
    user.must("new", "opa", "guard", "-q")
    place = user.directory / "guard" / "tests"
    (place / "buckets.yaml").unlink()
    for name, text in files.items():
        (place / f"{name}.yaml").write_text(text)
    return place


def bucket(name: str, acl: str, expect: str = "") -> str:
    """A case with a bucket, in YAML."""
    resource = f"{{type: 'aws:s3/bucket:Bucket', name: logs, properties: {{acl: {acl}}}}}"
    return f"- name: {name}\n  resource: {resource}\n" + (f"  expect: {expect}\n" if expect else "")


DENIED = "{violations: [{policy: deny_public_bucket}]}"


@pytest.mark.parametrize("pack", KINDS)
def test_the_cases_of_a_release(author: User, pack: str) -> None:
    """A published pack brings its cases, which pass where it is installed, and make every policy fire."""
    done = author("test", pack.replace("opa-", "opa_"), "--json")
    assert (done.code, done.err) == (0, ""), done.out
    report = done.json()
    assert (report["verdict"], report["version"], report["never_fired"]) == ("passed", "2.1.0", [])
    assert report["totals"]["passed"] == (6 if pack == "opa-kinds" else 12)


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_pack_of_a_template_passes_its_cases(author: User, shop: Path, template: str) -> None:
    """What `new` writes passes `check` and its own cases, and each of its policies fires in one."""
    made = author.must("new", "--template", template, "guard", "--json").json()
    assert author.must("check", "guard", "--json").json()["warnings"] == []
    if made["runtime"] != "opa":
        inside = {"python": "venv", "nodejs": "node_modules"}[made["runtime"]]
        (author.directory / "guard" / inside).symlink_to(installed(shop, f"{made['runtime']}-kinds", inside))
    report = author.must("test", "./guard", "--json").json()
    assert (report["verdict"], report["never_fired"], report["notes"]) == ("passed", [], [])
    outcomes = {case["outcome"] for file in report["files"] for case in file["cases"]}
    assert outcomes == {"passed"} and report["totals"]["passed"] >= (2 if template in LANGUAGES else 4)


def test_a_difference_is_13_with_both_sides(user: User) -> None:
    """What was expected and what was seen stand beside each other, and other cases pass."""
    cases(user, a=bucket("good", "private", "{}") + bucket("bad", "public-read", "{}"))
    done = user("test", "./guard")
    assert (done.code, done.err) == (13, "")
    assert (
        done.out
        == """\
Tested: guard@0.1.0 in the directory ./guard
Cases of tests/a.yaml:
    ✅ good  (line 1)
    ❌ bad  (line 4)
        --- expected
        +++ seen
        + [mandatory]  deny_public_bucket  (aws:s3/bucket:Bucket: logs)
        +   acl is 'public-read': everybody can read this bucket; write 'private'.

differs: 1 passed, 1 differs
"""
    )


def test_a_name_alone_is_the_directory_and_is_said(user: User) -> None:
    """Where a directory and a release have one name, the directory is tested, and that is said."""
    cases(user, a=bucket("good", "private", "{}"))
    user.must("publish", "guard", "-q", "--no-run")
    (user.directory / "guard/tests/a.yaml").write_text(bucket("changed since", "public-read", "{}"))
    here = user("test", "guard", "--json")
    assert (here.code, here.json()["directory"]) == (13, "./guard")
    assert "taking the directory ./guard; for the release, write guard@latest" in here.err
    there = user("test", "guard@latest")
    assert there.out.startswith("Tested: the release guard@0.1.0\n") and there.code == 0
    refused = user("validate-config", "guard", "--config", "x.json")
    assert refused.code == 2
    page = user.must("docs", "guard")
    assert "`guard@0.1.0`" in page.out and "taking the directory ./guard" in page.err
    state = user.directory / "state.jsonl"
    state.write_text('{"type": "aws:s3/bucket:Bucket", "name": "x"}\n')
    both = user("analyze", "guard", "--resources", state)
    assert both.code == 2 and "write ./guard for the directory, or guard@0.1.0 for the release" in both.err
    (user.directory / "x.json").write_text("{}")
    assert "write ./guard for the directory" in user("validate-config", "guard", "--config", "x.json").err


def test_one_process_for_cases_of_one_stack(author: User, talker: Path) -> None:
    """Cases that tell a pack the same share its process; a pack is never shown another case's stack."""
    resource = "resource: {type: t, name: n, properties: {talk: true}}"
    prod = "{name: prod, project: shop, config: {'app:key': v}, dryRun: true}"
    telling = "{talk: disabled, tell: advisory}"
    (talker / "tests" / "cases.yaml").write_text(
        f"- {{name: one, {resource}}}\n"
        f"- {{name: two, {resource}, stack: {prod}}}\n"
        f"- {{name: three, {resource}, config: {{talk: mandatory}}}}\n"
        f"- {{name: tags, {resource}, stack: {{tags: {{a: b}}}}, config: {telling}}}\n"
        f"- {{name: no tags, {resource}, config: {telling}}}\n"
    )
    report = author("test", "./talker", "--json").json()
    seen = {
        case["name"]: [found["message"].partition("\n")[2] for found in case["unexpected"]["violations"]]
        for case in report["files"][0]["cases"]
    }
    [one], [two], [three] = seen["one"], seen["two"], seen["three"]
    assert one == three
    assert one.endswith(" born in test project test config None dry False")
    assert two.endswith(" born in prod project shop config v dry True")
    assert one.split()[1] != two.split()[1]
    assert (seen["tags"], seen["no tags"]) == (["tags {'a': 'b'}"], ["tags {}"])


def test_not_evaluated_is_4_and_beats_13(author: User, talker: Path) -> None:
    """A policy that raises is no difference; the file with its case is not updated, another one is."""
    fails = "- {name: fails, resource: {type: t, name: n, properties: {raise: true}}, expect: {}}\n"
    differs = "- {name: differs, resource: {type: t, name: n, properties: {talk: true}}, expect: {}}\n"
    a, b = talker / "tests" / "a.yaml", talker / "tests" / "b.yaml"
    a.write_text(fails + differs)
    b.write_text(differs)
    done = author("test", "./talker", "--update", "--json")
    assert done.code == 4
    report = done.json()
    outcomes = [[case["outcome"] for case in file["cases"]] for file in report["files"]]
    assert outcomes == [["not-evaluated", "differs"], ["updated"]]
    assert [error["code"] for error in report["files"][0]["cases"][0]["errors"]] == ["policy-raised"]
    assert a.read_text() == fails + differs
    assert "talk" in b.read_text() and b.read_text() != differs
    assert report["never_fired"] == ["tell"]


def test_a_pack_that_does_not_start_is_4(author: User, shop: Path) -> None:
    """Nothing is judged, and the error says so, once and not for every case."""
    pack = author.directory / "broken"
    shutil.copytree(FIXTURES / "broken" / "python-import-error", pack)
    (pack / "venv").symlink_to(installed(shop, "python-kinds", "venv"))
    (pack / "tests").mkdir()
    (pack / "tests" / "a.yaml").write_text("name: a\nresource: {type: t, name: n}\nexpect: {}\n")
    done = author("test", "./broken", "--json")
    assert (done.code, done.json()["error"]["code"]) == (4, "pack-failed")


def test_update_writes_what_was_seen_and_only_that(user: User) -> None:
    """Cases that differ expect what was seen then, and pass; other cases and comments stay."""
    good = bucket("good", "public-read", DENIED) + "# a comment\n"
    place = cases(user, a=good + bucket("bad", "public-read", DENIED.replace("]", ", {policy: x}]")), b=good)
    before = (place / "b.yaml").stat().st_mtime_ns
    done = user.must("test", "./guard", "--update")
    assert done.out.splitlines()[-1] == "passed: 2 passed, 0 differ, 1 updated"
    assert (place / "a.yaml").read_text() == good + bucket("bad", "public-read") + (
        "  expect:\n    violations:\n      - policy: deny_public_bucket\n"
    )
    assert (place / "b.yaml").stat().st_mtime_ns == before
    assert user.must("test", "./guard").out.splitlines()[-1] == "passed: 3 passed, 0 differ"


def test_a_file_that_is_no_case_file_is_4_and_others_run(user: User) -> None:
    """Its problems are reported with their places; it is never changed."""
    place = cases(user, a="name: a\nresourc: {}\n", b=bucket("good", "private", "{}"))
    (place / "c.yaml").symlink_to(place / "b.yaml")
    done = user("test", "./guard", "--update", "--json")
    assert done.code == 4
    a, b, c = done.json()["files"]
    assert [(p["where"], p["code"]) for p in a["problems"]] == [
        ("tests/a.yaml:1:1", "bad-value"), ("tests/a.yaml:2:1", "unknown-key"),
    ]  # fmt: skip
    assert [case["outcome"] for case in b["cases"]] == ["passed"]
    assert [problem["code"] for problem in c["problems"]] == ["unreadable"]
    assert (place / "a.yaml").read_text() == "name: a\nresourc: {}\n"


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ("state: gone.json", "gone.json"),
        ("state: empty.json", "has no resources"),
        ("state: link.json", "is a link to something outside the pack"),
        ("preview: bad.json", "tests/bad.json is not a preview"),
        ("resource: {type: t, name: n, parent: x, dependencies: [y], urn: 'no'}", "tests/a.yaml: line 2"),
        ("{resource: {type: t, name: n}, config: {other: {y: 1}}}", "no such policy"),
    ],
)  # fmt: skip
def test_a_case_whose_input_cannot_be_read_is_not_evaluated(user: User, case: str, why: str) -> None:
    """A missing, damaged or empty file, a bad resource, a refused configuration: exit code 4, and why."""
    text = f"name: a\n{case}\n" if not case.startswith("{") else f"{{name: a, {case[1:-1]}}}\n"
    place = cases(user, a=text)
    (place / "empty.json").write_text('{"version": 3, "deployment": {"resources": []}}')
    (place / "bad.json").write_text("[]")
    outside = user.directory / "outside.json"
    outside.write_text("{}")
    (place / "link.json").symlink_to(outside)
    done = user("test", "./guard", "--json")
    assert done.code == 4
    [found] = done.json()["files"][0]["cases"]
    assert why in found["why"] + " ".join(error["why"] for error in found["errors"])


def test_settings_that_do_nothing_are_noted(user: User) -> None:
    """A level for a policy that the pack does not have is said, with its place in the case file."""
    cases(user, a=bucket("a", "private", "{}") + "  config: {deny_public: advisory}\n")
    [note] = user.must("test", "./guard", "--json").json()["notes"]
    assert (note["code"], note["where"]) == ("config-unknown-policy", "tests/a.yaml:4:11")


def test_nothing_to_run_is_an_error_and_never_a_pass(user: User) -> None:
    """No directory, no case file, no case of that name: exit code 2 before anything runs."""
    place = cases(user, a=bucket("good", "private", "{}"))
    assert user("test", "./guard", "-k", "bad").code == 2
    assert user.must("test", "./guard", "-k", "goo", "--json").json()["never_fired"] == []
    (place / "a.yaml").unlink()
    done = user("test", "./guard")
    assert (done.code, "has no cases" in done.err) == (2, True)
    shutil.rmtree(place)
    assert user("test", "./guard", "--json").json()["error"]["code"] == "usage-error"
    assert user("test", "./nowhere").code == 2


def test_a_release_without_its_cases(user: User) -> None:
    """Where an ignore file left them out, the command says that, and does not pass."""
    cases(user, a=bucket("good", "private", "{}"))
    (user.directory / "guard" / ".gitignore").write_text("tests/\n")
    user.must("publish", "guard", "-q")
    done = user("test", "guard@latest")
    assert done.code == 2
    assert "ignore file" in done.err


def test_the_cases_of_an_installed_pack_are_not_changed(author: User, shop: Path) -> None:
    """--update refuses the directory of an installation, whose files are those of a release."""
    done = author("test", f"{installed(shop, 'opa_kinds', 'tests').parent}", "--update")
    assert (done.code, "release" in done.err) == (2, True)


def test_a_directory_without_a_slash_is_no_release_and_the_hint_says_so(user: User) -> None:
    """Who forgets the slash where a release is meant is told of it."""
    cases(user, a=bucket("good", "private", "{}"))
    (user.directory / "c.json").write_text("{}")
    (user.directory / "r.jsonl").write_text('{"type": "t", "name": "n"}\n')
    for words in (
        ("analyze", "guard", "--resources", "r.jsonl"),
        ("validate-config", "guard", "--config", "c.json"),
    ):
        done = user(*words)
        assert (done.code, "write ./guard" in done.err) == (6, True)


@pytest.mark.parametrize("words", [("guard@latest", "--update"), ("./guard", "--json", "-o", "junit")])
def test_words_that_make_no_sense_together(user: User, words: tuple[str, ...]) -> None:
    """A release is not updated, and there is one format."""
    cases(user, a=bucket("good", "private", "{}"))
    assert user("test", *words).code == 2


def test_the_schema_is_printed(user: User) -> None:
    """`--schema` is the packaged schema, for editors, wherever one is."""
    found = user.must("test", "--schema").json()
    assert found == json.loads(schema_text())
    Draft202012Validator.check_schema(found)


def test_junit(user: User) -> None:
    """The report for build services is on stdout, with the same exit code."""
    cases(user, a=bucket("bad", "public-read", "{}"))
    done = user("test", "./guard", "-o", "junit")
    assert (done.code, done.out.count("<failure")) == (13, 1)


def test_the_documented_document(user: User) -> None:
    """JSON has the members that docs/commands.md names."""
    cases(user, a=bucket("bad", "public-read", "{}"), b="x: 1\n")
    document: Any = user("test", "./guard", "--json").json()
    wanted = first("test") | {"notes": None}
    [good, unread] = document["files"]
    inner = wanted.pop("files")[0]
    assert_has(document, wanted | {"files": None}, "test")
    assert_has(unread, inner | {"cases": None}, "test.files[1]")
    case = inner["cases"][0] | {"errors": None}
    assert_has(good, inner | {"problems": None, "cases": [case]}, "test.files[0]")
