"""Credentials are found by name and by form, named by file and line, and never repeated.

The samples are put together from parts, so that this file holds nothing that looks like a secret.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.pack.credentials import MAX_IN_FILE, find_credentials
from packreg.pack.files import File
from packreg.pack.problems import Problems

_HEX = "0123456789abcdef"
_MIXED = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6"
_SAMPLES = {
    "private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "bare private key": "-----BEGIN " + "PRIVATE KEY-----",
    "OpenSSH private key": "-----BEGIN OPENSSH " + "PRIVATE KEY-----",
    "PGP private key": "-----BEGIN PGP " + "PRIVATE KEY BLOCK-----",
    "service account": '"private_key": "-----BEGIN ' + "PRIVATE KEY-----\\nMIIE",
    "age": "AGE-SECRET-" + "KEY-1" + "Q" * 58,
    "AWS id": "AKIA" + "Q" * 16,
    "AWS temporary id": "ASIA" + "Q" * 16,
    "AWS secret": "aws_secret_access_key = " + _MIXED[:40],
    "AWS secret in JSON": '"AWS_SECRET_ACCESS_KEY": "' + _MIXED[:40] + '"',
    "GitHub": "ghp_" + _MIXED[:36],
    "GitHub fine-grained": "github_pat_" + _MIXED[:82],
    "GitLab": "glpat-" + _MIXED[:20],
    "Slack": "xoxb-" + "1" * 12 + "-" + _MIXED[:24],
    "Slack hook": "https://hooks.slack.com/services/T0000/B0000/" + _MIXED[:24],
    "npm": "npm_" + _MIXED[:36],
    "npmrc": "//registry.example/:_authToken=" + _MIXED[:20],
    "PyPI": "pypi-" + "AgEIcHlwaS5vcmc" + _MIXED[:60],
    "Pulumi": "pul-" + _HEX * 2 + _HEX[:8],
    "Google": "AIza" + _MIXED[:35],
    "Google OAuth": "GOCSPX-" + _MIXED[:28],
    "Azure": "AccountKey=" + (_MIXED * 2)[:86] + "==",
    "Vault": "hvs." + _MIXED[:24],
    "Stripe": "sk_" + "live_" + _MIXED[:24],
    "API": "sk-ant-" + _MIXED[:40],
    "JWT": 'token = "eyJ' + _MIXED[:20] + ".eyJ" + _MIXED[:20] + "." + _MIXED[:43] + '"',
}
_HARMLESS = [
    "AKIAIOSFODNN7EXAMPLE",
    "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    '"integrity": "sha512-' + _MIXED[:86] + '=="',
    "pulumi==3.0.0 --hash=sha256:" + _HEX * 4,
    "//registry.example/:_authToken=${NPM_TOKEN}",
    "-----BEGIN CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----",
    "eyJ" + _MIXED[:20] + ".eyJ" + _MIXED[:20] + "." + _MIXED[:43],
    "secret = config.require_secret('token')",
    "ghp_short",
    "the prefix pul- and a word",
    "aws_secret_access_key = " + _MIXED[:60],
]


def _find(text: str, path: str = "a/x.py") -> Problems:
    problems = Problems()
    find_credentials({path: File(text.encode())}, problems)
    return problems


@pytest.mark.parametrize("name", _SAMPLES)
def test_each_form_is_found_with_its_line(name: str) -> None:
    """A secret stops the pack, with file and line, and no message holds it."""
    secret = _SAMPLES[name]
    problems = _find(f"# one\n# two\nx = {secret}\n# four\n")
    assert [(p.code, p.where) for p in problems.errors] == [("credential", "a/x.py:3")]
    value = re.split(r"[=: \"]+", secret.strip('"='))[-1]
    assert not any(value in word for word in problems.errors[0])


@pytest.mark.parametrize("text", _HARMLESS)
def test_what_only_resembles_a_secret_is_let_be(text: str) -> None:
    """Documented examples, digests, certificates, public keys and variables are no findings."""
    problems = _find(text)
    assert problems.errors == problems.warnings == []


@pytest.mark.parametrize("name", _SAMPLES)
def test_a_comment_on_the_line_lets_it_through(name: str) -> None:
    """A line that says it is no secret gives a warning; the same secret on another line still stops."""
    secret = _SAMPLES[name]
    problems = _find(f"x = {secret}  # packreg:not-a-secret\ny = {secret}\n")
    assert [p.where for p in problems.warnings] == ["a/x.py:1"]
    assert [p.where for p in problems.errors] == ["a/x.py:2"]


@pytest.mark.parametrize(
    "path",
    ["credentials", "a/Credentials.json", ".netrc", "_netrc", ".pypirc", "store.p12", "x.pfx", "pw.kdbx",
     "a.jks", ".dockercfg", "kubeconfig", ".kube/config", ".docker/config.json", "home/.aws/credentials",
     ".ssh/config", "terraform.tfstate", "service-account.json", ".git-credentials", "debug.keystore",
     "key.ppk"],
)  # fmt: skip
def test_files_are_known_by_name(path: str) -> None:
    """A file with the name of a key store or a credential file stops the pack whatever it holds."""
    problems = _find("", path)
    assert [(p.code, p.where) for p in problems.errors] == [("credential-file", path)]


@pytest.mark.parametrize(
    "path", ["config.json", "credentials.py", "a/config", "netrc.py", "service.json", "kube.yaml"]
)
def test_plain_names_are_let_be(path: str) -> None:
    """Names that only resemble those are let be."""
    assert _find("", path).errors == []


def test_many_findings_in_one_file_are_cut() -> None:
    """A file full of secrets is reported a few times, not thousands."""
    problems = _find((_SAMPLES["AWS id"] + "\n") * 5000)
    assert len(problems.errors) == MAX_IN_FILE
    assert problems.errors[-1].where == f"a/x.py:{MAX_IN_FILE}"


@given(st.binary(max_size=3000))
def test_any_bytes_can_be_searched(data: bytes) -> None:
    """Files of any content are searched without an error."""
    find_credentials({"x": File(data)}, Problems())


@pytest.mark.parametrize(
    "piece",
    [
        b"aws secret ",
        b"aws_secret_access_key=",
        b"-----BEGIN A A A ",
        b"token = eyJ",
        b"eyJ" * 20,
        b"xox",
        b":_auth ",
    ],
)
def test_megabytes_of_beginnings_are_searched_to_the_end(piece: bytes) -> None:
    """What begins like a secret a million times does not keep the one at the end from being found."""
    problems = Problems()
    data = piece * (2_000_000 // len(piece)) + b"\n" + _SAMPLES["AWS id"].encode()
    find_credentials({"x": File(data)}, problems)
    assert [problem.where for problem in problems.errors] == ["x:2"]
