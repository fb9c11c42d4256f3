"""The inventory of an AWS account, over Cloud Control's own protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from packreg.errors import StoreRefused, StoreUnavailable, UsageError
from packreg.states.inventory.aws import AwsInventory
from packreg.states.resources import read_resources
from tests.states.inventory.account import Account, account
from tests.store.ministack import CREDENTIALS, free_port, ministack


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An account with two buckets and a queue."""
    with ministack(tmp_path_factory.mktemp("ministack") / "log") as url, account(url) as known:
        known.create("AWS::S3::Bucket", {"BucketName": "logs", "PublicAccessBlockConfiguration": {"A": True}})
        known.create("AWS::S3::Bucket", {"BucketName": "assets"})
        known.create("AWS::SQS::Queue", {"QueueName": "jobs"})
        yield known


@pytest.fixture
def aws(filled: Account, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Account:
    """That account, refusing nothing, and an environment that leads to it."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", filled.url)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    filled.refused, filled.unreadable = {}, {}
    return filled


def test_every_type_of_the_account_is_listed_and_read(aws: Account) -> None:
    """Without types, those that CloudFormation knows of AWS's own are asked, and the order is stable."""
    inventory = AwsInventory()
    found = list(inventory.resources())
    assert [(each["type"], each["properties"].get("bucketName")) for each in found] == [
        ("aws-native:s3:Bucket", "assets"),
        ("aws-native:s3:Bucket", "logs"),
        ("aws-native:sqs:Queue", None),
    ]
    assert inventory.unread == [] and inventory.unlistable == []


def test_the_list_is_one_that_packs_can_judge(aws: Account) -> None:
    """Each resource is a line that the reader of resource lists takes, without passing anything over."""
    lines = "".join(json.dumps(each) + "\n" for each in AwsInventory(types=["AWS::S3::*"]).resources())
    snapshot = read_resources(lines.encode(), "account.jsonl")
    assert snapshot.size == 2 and not snapshot.notes


def test_a_type_that_may_not_be_read_is_a_gap_that_is_named(aws: Account) -> None:
    """Missing permissions for one type leave the others, and are said with the type and no escape codes."""
    aws.refused["AWS::SQS::Queue"] = "AccessDeniedException"
    inventory = AwsInventory()
    assert len(list(inventory.resources())) == 2
    [problem] = inventory.unread
    assert "AWS::SQS::Queue could not be read: AccessDeniedException" in problem.message
    assert "\x1b" not in problem.message and problem.where == "eu-west-1"


def test_a_type_that_nobody_can_list_is_no_gap(aws: Account) -> None:
    """Types that only exist inside another resource are told apart from those that were refused."""
    aws.refused["AWS::ApiGateway::Resource"] = "InvalidRequestException"
    inventory = AwsInventory()
    assert len(list(inventory.resources())) == 3
    assert inventory.unlistable == ["AWS::ApiGateway::Resource"] and not inventory.unread


def test_a_resource_that_was_deleted_meanwhile_is_not_missed(aws: Account) -> None:
    """A listed resource that is gone when it is read is left out; one that cannot be read is a gap."""
    ids = {
        each["properties"]["bucketName"]: each["id"]
        for each in AwsInventory(types=["AWS::S3::Bucket"]).resources()
    }
    aws.unreadable = {ids["logs"]: "ResourceNotFoundException", ids["assets"]: "HandlerFailureException"}
    inventory = AwsInventory(types=["AWS::S3::Bucket"])
    assert list(inventory.resources()) == []
    assert [problem.message.partition(" could")[0] for problem in inventory.unread] == [
        f"AWS::S3::Bucket {ids['assets']}"
    ]


def test_what_is_no_type_is_refused(aws: Account) -> None:
    """A word that cannot be a type of AWS's own is a mistake on the command line."""
    with pytest.raises(UsageError, match="s3:Bucket"):
        list(AwsInventory(types=["s3:Bucket"]).resources())


def test_nobody_there_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a connection, credentials or a region the reason is an error of its own, not an empty list."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(UsageError, match="no AWS region"):
        list(AwsInventory().resources())
    with pytest.raises(StoreRefused, match="no AWS credentials"):
        list(AwsInventory(regions=["eu-west-1"]).resources())
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StoreUnavailable, match="cannot be asked in eu-west-1"):
        list(AwsInventory(regions=["eu-west-1"]).resources())
    with pytest.raises(UsageError, match="nowhere"):
        list(AwsInventory(profile="nowhere").resources())
