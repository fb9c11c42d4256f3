"""Clients of AWS: what every one of them is made with, and reading their failures. No request is made."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ProfileNotFound

from packreg.errors import UsageError
from packreg.store.aws import answer_code, answer_status, aws_client, aws_session


@pytest.fixture(autouse=True)
def nobodys_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """None of the configuration of whoever runs the tests."""
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.delenv("AWS_PROFILE", raising=False)


def test_a_client_bounds_what_it_waits_for_and_sends_no_trailers() -> None:
    """Attempts are counted in all, silence ends them, and checksums are sent only where they must be."""
    made = aws_client(aws_session(), "s3", region="eu-west-1", attempts=2, read_timeout=7)
    config = made.meta.config
    assert made.meta.region_name == "eu-west-1"
    assert config.retries["total_max_attempts"] == 2
    assert (config.connect_timeout, config.read_timeout) == (10, 7)
    checksums = (config.request_checksum_calculation, config.response_checksum_validation)
    assert checksums == ("when_required", "when_required")


@pytest.mark.parametrize(
    ("endpoint", "variable"), [("http://kms.example.com", ""), ("", "http://kms.example.com")]
)
def test_secrets_are_not_asked_for_over_http(
    monkeypatch: pytest.MonkeyPatch, endpoint: str, variable: str
) -> None:
    """With `https_for`, http to another machine is refused, also where a variable says the endpoint."""
    if variable:
        monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", variable)
    with pytest.raises(UsageError, match="the key would be asked at http://kms"):
        aws_client(aws_session(), "kms", region="eu-west-1", endpoint_url=endpoint, https_for="the key")


def test_this_machine_may_be_asked_over_http() -> None:
    """An emulator on this machine is no network."""
    url = "http://127.0.0.1:1"
    made = aws_client(aws_session(), "kms", region="eu-west-1", endpoint_url=url, https_for="the key")
    assert made.meta.endpoint_url == url


def test_a_profile_that_is_not_there_is_said() -> None:
    """A wrong profile never falls back on other credentials."""
    with pytest.raises(ProfileNotFound):
        aws_client(aws_session("nobody"), "s3", region="eu-west-1")


def test_only_an_answer_has_a_code_and_a_status() -> None:
    """What is no answer of the server has neither, so that nothing is concluded from it."""
    answer = {"Error": {"Code": "NoSuchKey"}, "ResponseMetadata": {"HTTPStatusCode": 404}}
    failed = ClientError(answer, "GetObject")  # type: ignore[arg-type]
    assert (answer_code(failed), answer_status(failed)) == ("NoSuchKey", 404)
    for other in (None, ClientError({}, "GetObject"), ConnectTimeoutError(endpoint_url="x")):
        assert (answer_code(other), answer_status(other)) == ("", 0)
