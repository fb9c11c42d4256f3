"""Where tokens for Google Cloud come from, and what is said where there are none."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from packreg.errors import StoreRefused, StoreUnavailable
from packreg.store.connections import HttpConnections
from packreg.store.google_credentials import GoogleCredentials
from packreg.store.trust import Trust
from tests.store.answering_server import Answered, Asked, answering_server


def credentials(environ: dict[str, str], *, instance_role: bool = False) -> GoogleCredentials:
    """Credentials from an environment, without the user's."""
    connections = HttpConnections(Trust(), {}, connect_timeout=2.0, read_timeout=2.0)
    return GoogleCredentials(environ, connections, instance_role=instance_role)


def token(environ: dict[str, str], *, instance_role: bool = False) -> str:
    """One token."""
    return credentials(environ, instance_role=instance_role).token()


def federated(endpoint: str, place: Path) -> str:
    """Workload identity federation, as CI services have it: a token in a file becomes one of Google's."""
    (place / "token").write_text("from the CI service")
    told = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{endpoint}/token",
        "credential_source": {"file": str(place / "token")},
    }
    return json.dumps(told)


def gives(name: str) -> Answered:
    """The answer of a server that gives tokens."""
    return (
        200,
        {"Content-Type": "application/json"},
        json.dumps({"access_token": name, "expires_in": 3600, "token_type": "Bearer"}).encode(),
    )


def test_the_order_of_the_places(tmp_path: Path) -> None:
    """GOOGLE_CREDENTIALS, then GOOGLE_OAUTH_ACCESS_TOKEN, then the file that is named, then gcloud's own."""
    home = tmp_path / ".config" / "gcloud"
    home.mkdir(parents=True)
    with answering_server() as server:
        server.answer = lambda asked: gives("from " + asked.path)
        (home / "application_default_credentials.json").write_text(
            federated(f"{server.endpoint}/gcloud", tmp_path)
        )
        named = tmp_path / "named.json"
        named.write_text(federated(f"{server.endpoint}/named", tmp_path))
        environ = {"HOME": str(tmp_path)}
        assert token(environ) == "from /gcloud/token"
        environ["GOOGLE_APPLICATION_CREDENTIALS"] = str(named)
        assert token(environ) == "from /named/token"
        environ["GOOGLE_OAUTH_ACCESS_TOKEN"] = "given"
        assert token(environ) == "given"
        environ["GOOGLE_CREDENTIALS"] = federated(f"{server.endpoint}/text", tmp_path)
        assert token(environ) == "from /text/token"
        (tmp_path / "other").mkdir()
        assert token({"HOME": str(tmp_path), "CLOUDSDK_CONFIG": str(home)}) == "from /gcloud/token"
        with pytest.raises(StoreRefused, match="there are no credentials") as caught:
            token({"HOME": str(tmp_path), "CLOUDSDK_CONFIG": str(tmp_path / "other")})
        assert "gcloud auth application-default login" in caught.value.hint


def test_a_token_is_asked_for_once(tmp_path: Path) -> None:
    """A token is used as long as it is valid."""
    with answering_server() as server:
        server.answer = lambda _: gives("t")
        one = credentials({"GOOGLE_CREDENTIALS": federated(server.endpoint, tmp_path)})
        assert [one.token() for _ in range(3)] == ["t"] * 3
        assert len(server.asked) == 1
        assert b"from+the+CI+service" in server.asked[0].body


def test_a_service_account_signs_what_it_asks() -> None:
    """The key of a service account's file signs the request for a token, which says what it is for."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with answering_server() as server:
        server.answer = lambda _: gives("t")
        told = {
            "type": "service_account",
            "client_email": "ci@project.example",
            "private_key": key.decode(),
            "token_uri": f"{server.endpoint}/token",
        }
        assert token({"GOOGLE_CREDENTIALS": json.dumps(told)}) == "t"
        assert b"assertion=" in server.asked[0].body
        assert key not in server.asked[0].body


def test_a_users_login_is_renewed_by_google_alone() -> None:
    """What `gcloud auth application-default login` wrote is sent to Google, whatever the file names."""
    told = {"type": "authorized_user", "client_id": "i", "client_secret": "s", "refresh_token": "r"}
    with answering_server() as proxy:
        proxy.answer = lambda _: (502, {}, b"")
        connections = HttpConnections(
            Trust(), {"HTTPS_PROXY": proxy.endpoint}, connect_timeout=2.0, read_timeout=2.0
        )
        environ = {"GOOGLE_CREDENTIALS": json.dumps({**told, "token_uri": "https://elsewhere.example"})}
        with pytest.raises(StoreUnavailable, match="no token"):
            GoogleCredentials(environ, connections, instance_role=False).token()
        assert {asked.path for asked in proxy.asked} == {"oauth2.googleapis.com:443"}


def test_the_metadata_service_is_asked_where_it_is_allowed() -> None:
    """A machine's own service account counts only with `instance_role`, and only where nothing else is."""
    with answering_server() as server:

        def answer(asked: Asked) -> Answered:
            return gives("machine") if asked.headers.get("metadata-flavor") == "Google" else (403, {}, b"")

        server.answer = answer
        environ = {"GCE_METADATA_HOST": server.endpoint.removeprefix("http://")}
        with pytest.raises(StoreRefused):
            token(environ)
        assert server.asked == []
        one = credentials(environ, instance_role=True)
        assert [one.token() for _ in range(2)] == ["machine"] * 2
        assert [asked.path for asked in server.asked] == [
            "/computeMetadata/v1/instance/service-accounts/default/token"
        ]
        assert token({**environ, "GOOGLE_OAUTH_ACCESS_TOKEN": "given"}, instance_role=True) == "given"
        server.answer = lambda _: (404, {}, b"no account")
        with pytest.raises(StoreRefused, match="status 404"):
            token(environ, instance_role=True)


@pytest.mark.parametrize(
    "text", ["geheim", "[]", '{"type": "geheim"}', '{"type": "service_account", "private_key": "geheim"}']
)
def test_credentials_that_cannot_be_used_are_refused(text: str, tmp_path: Path) -> None:
    """What is no credential is refused without repeating it: it may hold a key."""
    for environ in (
        {"GOOGLE_CREDENTIALS": text},
        {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "file")},
    ):
        (tmp_path / "file").write_text(text)
        with pytest.raises(StoreRefused) as caught:
            token(environ)
        assert "geheim" not in f"{caught.value} {caught.value.hint}"
    with pytest.raises(StoreRefused, match="cannot be read"):
        token({"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "nothing")})


def test_a_refusal_is_not_an_outage(tmp_path: Path) -> None:
    """A login that has ended is refused, and a server that gives no answer may be tried again."""
    with answering_server() as server:
        environ = {"GOOGLE_CREDENTIALS": federated(server.endpoint, tmp_path)}
        server.answer = lambda _: (400, {}, b'{"error": "invalid_grant", "error_description": "expired"}')
        with pytest.raises(StoreRefused, match="invalid_grant"):
            token(environ)
    with pytest.raises(StoreUnavailable):
        token(environ)


def test_what_is_not_installed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without google-auth the extra is named; a token that is given needs none."""
    monkeypatch.setitem(sys.modules, "google.auth.identity_pool", None)
    with pytest.raises(StoreRefused, match="google-auth, which is not installed") as caught:
        token({"GOOGLE_CREDENTIALS": federated("http://127.0.0.1:1", tmp_path)})
    assert "google" in caught.value.hint
    assert token({"GOOGLE_OAUTH_ACCESS_TOKEN": "given"}) == "given"
