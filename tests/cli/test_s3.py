"""The main flows on a bucket, from settings in a file to an installed pack."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli.conftest import User, write_pack
from tests.store.ministack import CREDENTIALS, client, ministack


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a local S3 emulator with a bucket named `policies`."""
    with ministack(tmp_path_factory.mktemp("ministack") / "log") as url:
        client(url).create_bucket(Bucket="policies")
        yield url


@pytest.fixture
def team(user: User, endpoint: str) -> User:
    """A user whose project names a bucket, with credentials from the environment."""
    user.extra |= CREDENTIALS
    (user.directory / "packreg.toml").write_text(
        f'[registry]\nurl = "s3://policies/{user.top.name}"\nendpoint_url = "{endpoint}"\nregion = "eu-1"\n'
    )
    return user


@pytest.mark.usefixtures("opa")
def test_a_team_shares_a_bucket(team: User) -> None:
    """A bucket is initialised once, published to, listed, installed from, and verified."""
    write_pack(team.directory / "guard", "guard", "1.0.0")
    done = team("publish", "guard")
    assert done.code == 9
    assert "packreg init" in done.err
    assert team.must("init", "--json").json()["already"] is False
    team.must("publish", "guard")
    assert team.must("publish", "guard", "--json").json()["already"] is True
    assert team.must("list").out == "guard\n"
    assert team.must("versions", "guard").out == "1.0.0\tlatest\n"
    path = team.must("path", "guard@1.0.0").out
    assert (Path(path.rstrip("\n")) / "policy.rego").is_file()
    assert team.must("path", "guard@1.0.0").out == path
    assert team.must("verify").out == "2 ok, 0 wrong\n"  # the release, and the policy groups


def test_a_missing_bucket_is_told_with_exit_code_9(team: User) -> None:
    """What the store refuses is the operator's to mend, and says so without a traceback."""
    text = (team.directory / "packreg.toml").read_text().replace("s3://policies/", "s3://missing/")
    (team.directory / "packreg.toml").write_text(text)
    for words in (["list"], ["init"], ["versions", "guard"], ["doctor"]):
        done = team(*words)
        assert done.code == 9, done
        assert "Traceback" not in done.err


@pytest.fixture
def metadata(team: User) -> Iterator[list[str]]:
    """What a cloud's metadata service is asked for; the user has no other credentials."""
    asked: list[str] = []

    class Service(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_GET = do_PUT

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in CREDENTIALS:
            del team.extra[name]
        team.extra["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = f"http://127.0.0.1:{server.server_port}/"
        yield asked
        server.shutdown()


@pytest.mark.parametrize("instance_role", [True, False])
@pytest.mark.parametrize(
    "words",
    [
        ("versions", "guard"),
        ("analyze", "./guard", "--state", "s3://states/state.json?region=eu-1"),
        ("analyze", "./guard", "--stack", "shop/dev", "--backend", "s3://states?region=eu-1"),
        ("inventory", "aws", "--region", "eu-1"),
    ],
)
def test_the_metadata_service_is_asked_only_when_configured(
    team: User, metadata: list[str], words: tuple[str, ...], instance_role: bool
) -> None:
    """Without `instance_role = true` no machine waits for a metadata service that is not there."""
    if instance_role:
        with (team.directory / "packreg.toml").open("a") as file:
            file.write("instance_role = true\n")
    done = team(*words)
    assert done.code == 9 and "credentials" in done.err, done
    assert bool(metadata) is instance_role


def test_secrets_are_kept_under_a_key_of_aws_kms(team: User, endpoint: str) -> None:
    """No object of the bucket has them in the clear, and who may not use the key does not open them."""
    from botocore.session import Session

    access = {
        "aws_access_key_id": CREDENTIALS["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    }
    kms = Session().create_client("kms", endpoint_url=endpoint, region_name="eu-1", **access)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    with (team.directory / "packreg.toml").open("a") as file:
        file.write(f'[environments]\nsecrets = "awskms://{key}?region=eu-1&endpoint_url={endpoint}"\n')
    team.must("init")
    team.must("env", "set", "prod", "token", "hunter2-and-more", "--secret")
    team.must("env", "set", "prod", "other", "another-secret", "--secret")
    team.must("env", "tag", "prod", "stable")
    assert team.must("env", "get", "prod").out.count("v1:awskms:") == 2
    s3 = client(endpoint)
    listed = s3.list_objects_v2(Bucket="policies", Prefix=team.top.name)["Contents"]
    objects = [s3.get_object(Bucket="policies", Key=each["Key"])["Body"].read() for each in listed]
    assert sum(b"v1:awskms:" in each for each in objects) == 2
    assert not [each for each in objects if b"hunter2" in each or b"another" in each]
    opened = team.must("env", "open", "prod@stable", "--show-secrets", "--json").json()
    assert opened["values"] == {"token": "hunter2-and-more", "other": "another-secret"}
    kms.disable_key(KeyId=key)
    refused = team("env", "open", "prod")
    assert refused.code == 9
    assert "hunter2" not in refused.out + refused.err
