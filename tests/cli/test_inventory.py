"""`inventory` of an account on loopback."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import User
from tests.states.inventory import subscription
from tests.states.inventory.account import Account, account
from tests.states.inventory.api import Reply, Request, serving
from tests.states.inventory.cluster import kubeconfig, play, status
from tests.store.ministack import CREDENTIALS, ministack


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An account with a bucket and a queue."""
    with ministack(tmp_path_factory.mktemp("ministack") / "log") as url, account(url) as known:
        known.create("AWS::S3::Bucket", {"BucketName": "logs"})
        known.create("AWS::SQS::Queue", {"QueueName": "jobs"})
        yield known


@pytest.fixture
def operator(user: User, filled: Account) -> User:
    """Somebody with credentials for it."""
    filled.refused = {}
    user.extra |= CREDENTIALS | {"AWS_ENDPOINT_URL": filled.url, "AWS_DEFAULT_REGION": "eu-west-1"}
    return user


def test_resources_are_printed_one_on_a_line(operator: User) -> None:
    """Stdout is the list that `analyze --resources` takes; what is said of it goes to stderr."""
    done = operator.must("inventory", "aws")
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert [line["type"] for line in lines] == ["aws-native:s3:Bucket", "aws-native:sqs:Queue"]
    assert lines[0]["properties"] == {"bucketName": "logs"}
    assert "2 resources, 0 that could not be read" in done.err


def test_a_gap_is_4_and_what_was_read_is_there(operator: User, filled: Account) -> None:
    """A type that may not be read is exit code 4, in the file as in the document, and the rest is kept."""
    filled.refused = {
        "AWS::SQS::Queue": "AccessDeniedException",
        "AWS::EC2::VPC": "UnsupportedActionException",
    }
    done = operator("inventory", "aws", "-o", "account.jsonl", "--json")
    assert done.code == 4
    document = done.json()
    assert (document["resources"], document["unlistable"]) == (1, ["AWS::EC2::VPC"])
    assert [problem["code"] for problem in document["unread"]] == ["not-read"]
    assert len((operator.directory / "account.jsonl").read_text().splitlines()) == 1


def test_a_file_that_cannot_be_written_leaves_nothing(operator: User) -> None:
    """A list for a directory that is not there is misuse, without a traceback."""
    done = operator("inventory", "aws", "-o", Path("no") / "where.jsonl")
    assert done.code == 2 and "cannot write" in done.err


def test_a_cluster_is_listed_with_the_operators_kubeconfig(user: User) -> None:
    """KUBECONFIG and --context choose the cluster; a gap is 4, and the list is one for `audit`."""
    with serving() as api:
        play(api)
        user.extra["KUBECONFIG"] = str(kubeconfig(user.top / "kubeconfig", api.url))
        api.once["/api/v1/secrets"] = [status(403, "Forbidden", "no")]
        done = user("inventory", "kubernetes", "--context", "shop", "-o", "cluster.jsonl", "--json")
    assert done.code == 4
    document = done.json()
    assert (document["resources"], document["unlistable"], document["unnamed"]) == (11, ["bindings"], [])
    assert [problem["where"] for problem in document["unread"]] == ["shop"]
    assert len((user.directory / "cluster.jsonl").read_text().splitlines()) == 11
    user.must("init")
    user.must("audit", "--account", "kubernetes/shop", "--resources", "cluster.jsonl")


def test_a_kubeconfig_of_the_project_is_not_used(user: User) -> None:
    """Credentials are the operator's; a file that lies in the working directory has no say."""
    with serving() as api:
        play(api)
        (user.directory / ".kube").mkdir()
        for path in ("kubeconfig", "config", ".kube/config"):
            kubeconfig(user.directory / path, api.url)
        done = user("inventory", "kubernetes")
        assert done.code == 2 and "no Kubernetes cluster can be used" in done.err and api.asked == []


def test_google_cloud_is_listed_with_the_operators_token(user: User) -> None:
    """Projects, folders and organizations are parents; the token is that of the environment."""
    with serving() as api:
        api.answer = lambda request: Reply({"assets": []})
        user.extra["GOOGLE_OAUTH_ACCESS_TOKEN"] = "of-the-operator"
        words = ("--project", "shop", "--folder", "12", "--organization", "3", "--endpoint", api.url)
        done = user.must("inventory", "google", *words)
        assert api.paths() == [
            f"/v1/{each}/assets" for each in ("projects/shop", "folders/12", "organizations/3")
        ]
        assert {request.headers["Authorization"] for request in api.asked} == {"Bearer of-the-operator"}
    assert "0 resources, 0 that could not be read" in done.err


def test_a_subscription_is_listed_with_the_machines_identity(user: User) -> None:
    """AZURE_SUBSCRIPTION_ID names it; the machine's identity counts if the operator's settings say so."""
    with serving() as api:
        subscription.play(api)
        user.extra |= subscription.identity(api) | {"AZURE_SUBSCRIPTION_ID": subscription.SHOP, "PATH": ""}
        refused = user("inventory", "azure", "--endpoint", api.url)
        assert refused.code == 9 and "no credentials for Azure" in refused.err
        (user.directory / "packreg.toml").write_text("[registry]\ninstance_role = true\n")
        done = user.must("inventory", "azure", "--endpoint", api.url, "--json").json()
    assert len(done["resources"]) == 5 and done["unnamed"] == ["microsoft.unheard/ofs"]


def test_an_inventory_that_is_interrupted_writes_nothing(user: User) -> None:
    """Ctrl-C while the API is waited for is exit code 130, at once, and leaves the list that was there."""
    (user.directory / "list.jsonl").write_text("before\n")
    asked, answered = threading.Event(), threading.Event()

    def wait(request: Request) -> Reply:
        asked.set()
        answered.wait(60)
        return Reply({"assets": []})

    with serving() as api:
        api.answer = wait
        user.extra["GOOGLE_OAUTH_ACCESS_TOKEN"] = "of-the-operator"
        words = ("google", "--project", "shop", "--endpoint", api.url, "-o", "list.jsonl")
        command = [sys.executable, "-m", "packreg", "inventory", *words]
        with subprocess.Popen(
            command, cwd=user.directory, env=user.environ, stderr=subprocess.PIPE
        ) as process:
            assert asked.wait(60)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        answered.set()
    assert process.returncode == 130 and b"Traceback" not in err
    assert (user.directory / "list.jsonl").read_text() == "before\n"
