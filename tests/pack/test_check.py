"""Checking a pack: every problem at once, each with its place and its fix, and a trusted value at the end."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packreg.errors import InvalidPack, UsageError
from packreg.pack.bundle import encode
from packreg.pack.check import Pack, PackReport, check_bundle, check_directory, load_pack
from packreg.pack.files import File, Limits
from tests.pack.hostile_archives import HOSTILE

Texts = dict[str, str]
FIXTURES = Path(__file__).parents[2] / "fixtures"

PYTHON: Texts = {
    "PulumiPolicy.yaml": "runtime: python\nversion: 1.2.3\n",
    "__main__.py": 'from pulumi_policy import PolicyPack\nPolicyPack("guard", policies=[])\n',
    "requirements.txt": "pulumi-policy>=1,<2\n",
}
NODEJS: Texts = {
    "PulumiPolicy.yaml": "runtime: nodejs\n",
    "package.json": '{"name": "x", "version": "1.2.3", "dependencies": {"@pulumi/policy": "^1.20.0"}}\n',
    "index.js": 'const { PolicyPack } = require("@pulumi/policy");\nnew PolicyPack("guard", {});\n',
}
OPA: Texts = {
    "PulumiPolicy.yaml": "runtime: opa\nversion: 1.2.3\n",
    "policy.rego": "package guard\n\nimport rego.v1\n\ndeny contains message if message := input.acl\n",
}


def _plant(directory: Path, texts: Texts) -> Path:
    for path, text in texts.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)
    return directory


def _check(directory: Path, texts: Texts, **options: object) -> tuple[PackReport, Pack | None]:
    return check_directory(_plant(directory, texts), **options)  # type: ignore[arg-type]


def _codes(report: PackReport) -> list[str]:
    return sorted(problem.code for problem in report.errors)


def _without(texts: Texts, *paths: str) -> Texts:
    return {path: text for path, text in texts.items() if path not in paths}


@pytest.mark.parametrize(("texts", "kind"), [(PYTHON, "requirements"), (NODEJS, "npm"), (OPA, "none")])
def test_a_good_pack_is_read_whole(tmp_path: Path, texts: Texts, kind: str) -> None:
    """A good pack of each runtime has no problem, and all that is known of it is in the value."""
    report, pack = _check(tmp_path, texts)
    assert report.errors == report.warnings == ()
    assert report.ok
    assert pack is not None
    assert (pack.name, pack.version.text, pack.dependencies_kind) == ("guard", "1.2.3", kind)
    assert pack.runtime == pack.manifest.runtime == report.runtime
    assert {path: file.data.decode() for path, file in pack.files.items()} == texts
    assert (pack.requirements is not None) == (kind == "requirements")
    assert (pack.package_json is not None) == (kind == "npm")
    assert not pack.needs_wheel


@pytest.mark.parametrize("texts", [PYTHON, NODEJS, OPA])
def test_a_bundle_is_the_same_pack(tmp_path: Path, texts: Texts) -> None:
    """A directory and its bundle give the same pack and the same report."""
    report, pack = _check(tmp_path, texts)
    assert pack is not None
    assert check_bundle(encode(pack.files).data) == (report, pack)


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="no fixtures here")
@pytest.mark.parametrize(
    "path", sorted(FIXTURES.glob("*/PulumiPolicy.yaml")), ids=lambda path: path.parent.name
)
def test_the_fixtures_are_good_packs(path: Path) -> None:
    """Every pack that the project shows and tests with keeps its own rules."""
    report, pack = check_directory(path.parent)
    assert report.errors == ()
    assert pack is not None


def test_the_report_as_json_has_the_documented_keys(tmp_path: Path) -> None:
    """The JSON of a report has exactly the documented keys, and problems are objects with four."""
    report, _ = _check(
        tmp_path, _without(PYTHON, "requirements.txt") | {"PulumiPolicy.yaml": "runtime: python\n"}
    )
    document = json.loads(json.dumps(report.as_json()))
    assert list(document) == ["ok", "name", "version", "runtime", "files", "errors", "warnings"]
    assert (document["ok"], document["name"], document["version"]) == (False, "guard", None)
    assert (document["runtime"], document["files"]) == ("python", 2)
    for problem in (*document["errors"], *document["warnings"]):
        assert list(problem) == ["code", "message", "where", "hint"]
    assert [problem["code"] for problem in document["errors"]] == ["version-missing"]


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    """Faults in the files, the manifest, the source and the requirements do not hide each other."""
    _plant(
        tmp_path,
        {
            "PulumiPolicy.yaml": "runtime: python\nversion: v1\n",
            "__main__.py": "key = '" + "AKIA" + "Q" * 16 + "'\n",
            "requirements.txt": "--index-url https://evil.example/simple\n-e .\n",
        },
    )
    (tmp_path / "link").symlink_to("/etc/passwd")
    report, pack = check_directory(tmp_path)
    assert pack is None
    codes = set(_codes(report))
    assert {"symlink", "credential"} < codes
    assert any(problem.where.startswith("PulumiPolicy.yaml:2") for problem in report.errors)
    assert any(problem.where.startswith("requirements.txt:1") for problem in report.errors)
    assert any(problem.where.startswith("requirements.txt:2") for problem in report.errors)


def test_a_missing_version_is_refused_with_what_pulumi_would_do(tmp_path: Path) -> None:
    """Pulumi would publish a Python pack without a version as 0.0.1: it is refused, until one is given."""
    texts = PYTHON | {"PulumiPolicy.yaml": "runtime: python\n"}
    report, _ = _check(tmp_path, texts)
    (problem,) = report.errors
    assert problem.code == "version-missing"
    assert "0.0.1" in problem.message
    report, pack = check_directory(tmp_path, version="2.0.0")
    assert report.ok
    assert pack is not None
    assert pack.version.text == "2.0.0"


def test_a_version_is_given_only_where_none_is_written(tmp_path: Path) -> None:
    """`version` may repeat the manifest's, and nothing else."""
    report, pack = _check(tmp_path, PYTHON, version="1.2.3")
    assert report.ok
    report, pack = check_directory(tmp_path, version="1.2.4")
    assert pack is None
    (problem,) = report.errors
    assert (problem.code, problem.where) == ("version-differs", "PulumiPolicy.yaml")
    assert "1.2.3" in problem.message
    assert "1.2.4" in problem.message


@pytest.mark.parametrize(
    ("manifest", "package", "given", "expected"),
    [
        (None, "1.0.0", None, "1.0.0"),
        ("1.0.0", "1.0.0", None, "1.0.0"),
        ("1.0.0", "2.0.0", None, "version-differs"),
        (None, "1.0.0", "2.0.0", "version-differs"),
        (None, None, "1.0.0", "version-missing"),
        ("1.0.0", None, None, "version-missing"),
    ],
)
def test_the_version_of_a_nodejs_pack(
    tmp_path: Path, manifest: str | None, package: str | None, given: str | None, expected: str
) -> None:
    """package.json has the version, as the SDK demands; the manifest and the caller may only agree."""
    line = f"version: {manifest}\n" if manifest else ""
    version = {"version": package} if package else {}
    texts = NODEJS | {
        "PulumiPolicy.yaml": "runtime: nodejs\n" + line,
        "package.json": json.dumps({"name": "x"} | version),
    }
    report, pack = _check(tmp_path, texts, version=given)
    if pack is None:
        assert expected in _codes(report)
    else:
        assert pack.version.text == expected


@pytest.mark.parametrize(
    ("source", "given", "name", "code"),
    [
        ('PolicyPack("guard", policies=[])', None, "guard", ""),
        ('PolicyPack(name="Guard", policies=[])', None, "guard", "name-case"),
        ("PolicyPack(NAME, policies=[])", None, None, "name-unknown"),
        ('PolicyPack("a", policies=[])\nPolicyPack("b", policies=[])', None, None, "name-unknown"),
        ('PolicyPack("a b", policies=[])', None, None, "name"),
        ("PolicyPack(NAME, policies=[])", "Guard", "guard", ""),
        ('PolicyPack("a", policies=[])\nPolicyPack("b", policies=[])', "b", "b", ""),
        ('PolicyPack("other", policies=[])', "guard", "guard", "name-differs"),
    ],
)
def test_the_name_comes_from_the_source_or_the_caller(
    tmp_path: Path, source: str, given: str | None, name: str | None, code: str
) -> None:
    """One literal name in the source is the pack's, in lower case; none or several need the caller's word."""
    texts = PYTHON | {"__main__.py": f"from pulumi_policy import PolicyPack\n{source}\n"}
    report, pack = _check(tmp_path, texts, name=given)
    assert report.name == name
    assert (pack is None) == (name is None)
    problems = report.warnings if name else report.errors
    assert [problem.code for problem in problems] == ([code] if code else [])
    if name is None:
        assert "--name" in report.errors[0].hint


@pytest.mark.parametrize("options", [{"name": "a b"}, {"version": "1"}, {"name": ""}])
def test_what_the_caller_gives_is_checked_too(tmp_path: Path, options: dict[str, str]) -> None:
    """A name or version that can be none is the caller's mistake, not the pack's."""
    with pytest.raises(UsageError):
        _check(tmp_path, PYTHON, **options)


def test_no_manifest_is_no_pack(tmp_path: Path) -> None:
    """An empty or missing directory is refused with the way to begin a pack."""
    report, pack = check_directory(tmp_path)
    assert pack is None
    assert _codes(report) == ["manifest-missing"]
    assert "packreg new" in report.errors[0].hint
    report, _ = check_directory(tmp_path / "missing")
    assert _codes(report) == ["unreadable"]


@pytest.mark.parametrize(
    "name", ["PulumiPolicy.yml", "PulumiPolicy.json", "pulumipolicy.yaml", "PulumiPolicy.YAML"]
)
def test_another_name_for_the_manifest_is_refused_with_the_fix(tmp_path: Path, name: str) -> None:
    """Pulumi finds other spellings when it publishes and not when it runs; the fix is to rename the file."""
    report, _ = _check(tmp_path, _without(PYTHON, "PulumiPolicy.yaml") | {name: PYTHON["PulumiPolicy.yaml"]})
    (problem,) = report.errors
    assert (problem.code, problem.where) == ("manifest-missing", name)
    assert "rename it to PulumiPolicy.yaml" in problem.hint


def test_a_second_manifest_is_warned_about(tmp_path: Path) -> None:
    """Pulumi publishes with PulumiPolicy.json where there is one, and runs with the other."""
    report, _ = _check(tmp_path, PYTHON | {"PulumiPolicy.json": "{}"})
    assert [(problem.code, problem.where) for problem in report.warnings] == [
        ("second-manifest", "PulumiPolicy.json")
    ]


@pytest.mark.parametrize("path", ["PulumiPolicy.yaml", "__main__.py", "requirements.txt"])
def test_a_rule_that_leaves_out_what_is_needed_is_named(tmp_path: Path, path: str) -> None:
    """Manifest, entry point and dependency file must be inside; the rule that drops one is named."""
    report, pack = _check(tmp_path, PYTHON | {".gitignore": f"# mine\n{path}\n"})
    assert pack is None
    assert any("ignored by .gitignore:2" in problem.message for problem in report.errors)


def test_credentials_do_not_hide_the_pack(tmp_path: Path) -> None:
    """A pack with a credential in it may not be published, but what it is can be known."""
    report, pack = _check(tmp_path, PYTHON | {"notes.txt": "AKIA" + "Q" * 16})
    assert pack is not None
    assert not report.ok
    assert [(problem.code, problem.where) for problem in report.errors] == [("credential", "notes.txt:1")]
    with pytest.raises(InvalidPack, match=r"notes\.txt:1"):
        load_pack(tmp_path)


def test_load_pack_returns_or_tells_everything(tmp_path: Path) -> None:
    """`load_pack` gives the pack, or raises with every problem."""
    assert load_pack(_plant(tmp_path / "good", PYTHON)).name == "guard"
    bad = _plant(tmp_path / "bad", {"PulumiPolicy.yaml": "runtime: python\n"})
    with pytest.raises(InvalidPack) as caught:
        load_pack(bad)
    assert {"entry-missing", "version-missing", "name-unknown"} <= {p.code for p in caught.value.problems}


@pytest.mark.parametrize("case", ["symlink_absolute", "name_dotdot", "gzip_cut_in_data", "no_manifest", "xz"])
def test_a_bundle_that_is_none_is_reported(case: str) -> None:
    """A hostile or damaged bundle gives a report with its fault, not an exception."""
    build, code = HOSTILE[case]
    report, pack = check_bundle(build())
    assert pack is None
    assert code in _codes(report)


def test_a_bundle_from_elsewhere_is_warned_about(tmp_path: Path) -> None:
    """A bundle may hold what a directory would have left out; an environment in it is refused."""
    texts = PYTHON | {"a/__pycache__/x.pyc": "", ".npmrc": "", ".git/config": ""}
    files = {path: File(text.encode()) for path, text in texts.items()}
    report, pack = check_bundle(encode(files).data)
    assert pack is not None
    assert sorted(p.where for p in report.warnings) == [".git/config", ".npmrc", "a/__pycache__/x.pyc"]
    report, pack = check_bundle(encode(files | {"venv/pyvenv.cfg": File(b"")}).data)
    assert pack is None
    assert {"is-environment", "virtualenv-occupied"} == set(_codes(report))


def test_limits_hold_in_a_check(tmp_path: Path) -> None:
    """The operator's limits hold for directories and bundles alike."""
    report, _ = _check(tmp_path, PYTHON, limits=Limits(members=2))
    assert _codes(report) == ["too-many-files"]
    _, pack = check_directory(tmp_path)
    assert pack is not None
    report, _ = check_bundle(encode(pack.files).data, limits=Limits(members=2))
    assert "too-many-files" in _codes(report)
    report, _ = check_directory(tmp_path, limits=Limits(manifest=10))
    assert any(problem.where.startswith("PulumiPolicy.yaml") for problem in report.errors)


def test_a_link_in_place_of_the_manifest_is_not_followed(tmp_path: Path) -> None:
    """A manifest or package.json that is a link is refused by name, and what it points to is not read."""
    _plant(tmp_path / "outside", NODEJS)
    pack = _plant(tmp_path / "pack", _without(NODEJS, "PulumiPolicy.yaml", "package.json"))
    for name in ("PulumiPolicy.yaml", "package.json"):
        (pack / name).symlink_to(f"../outside/{name}")
    report, _ = check_directory(pack)
    assert [problem.where for problem in report.errors if problem.code == "symlink"] == [
        "PulumiPolicy.yaml", "package.json",
    ]  # fmt: skip
    assert "manifest-missing" not in _codes(report)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(
            [*PYTHON, *NODEJS, *OPA, "pyproject.toml", "uv.lock", ".gitignore", "a.py", "venv/x"]
        ),
        st.binary(max_size=60)
        | st.sampled_from([text.encode() for t in (PYTHON, NODEJS, OPA) for text in t.values()]),
    )
)
def test_any_files_give_a_report(tmp_path: Path, files: dict[str, bytes]) -> None:
    """Whatever a directory holds, a check ends in a report, with a pack exactly when there is no error."""
    directory = tmp_path / os.urandom(8).hex()
    directory.mkdir()
    for path, data in files.items():
        (directory / path).parent.mkdir(exist_ok=True)
        (directory / path).write_bytes(data)
    report, pack = check_directory(directory)
    assert report.ok == (pack is not None)
    if pack is not None:
        assert check_bundle(encode(pack.files).data)[1] == pack
