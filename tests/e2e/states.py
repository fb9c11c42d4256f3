"""States for packs to judge: of the demo provider, of Kubernetes, of AWS."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.opa.resources import DEMO as RULES
from tests.opa.resources import KUBERNETES as OBJECTS

_SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


def urn(type: str, name: str) -> str:
    """The URN of a resource of the stack `dev`."""
    return f"urn:pulumi:dev::shop::{type}::{name}"


ROOT = {"urn": urn("pulumi:pulumi:Stack", "shop-dev"), "type": "pulumi:pulumi:Stack"}


def resource(type: str, name: str, inputs: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A resource whose outputs are its inputs, unless `more` says otherwise."""
    given = {"custom": True, "id": f"id-{name}", "inputs": inputs or {}, "outputs": inputs or {}}
    return {"urn": urn(type, name), "type": type, "parent": ROOT["urn"], **given, **more}


def bucket(name: str, inputs: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A bucket of the demo provider."""
    provider = f"{urn('pulumi:providers:demo', 'main')}::id-main"
    return resource("demo:index:Bucket", name, inputs, provider=provider, **more)


_GOOD = {"acl": "private", "owner": "ada", "tags": {"managed": "yes"}, "encrypted": True}

SHOP = [
    ROOT,
    resource("pulumi:providers:demo", "main", {"region": "north", "__internal": {}}),
    resource("shop:index:Store", "store", custom=False, id=""),
    bucket("good", _GOOD),
    bucket("open", {**_GOOD, "acl": "public-read"}),
    bucket("bare", parent=urn("shop:index:Store", "store")),
    bucket("tagged", {**_GOOD, "tags": {"cost": "low"}, "encrypted": False}, protect=True),
    bucket("twin", {**_GOOD, "bucketName": "same"}, dependencies=[urn("demo:index:Bucket", "good")]),
    bucket("other-twin", _GOOD, outputs={**_GOOD, "bucketName": "same"}),
    bucket("hidden", {**_GOOD, "acl": {**_SECRET, "plaintext": '"correct horse battery staple"'}}),
    bucket("site", {**_GOOD, "website": {"index": "index.html"}}, external=True),
    bucket("gone", {"acl": "public-read"}, delete=True),
]

DEMO = [
    ROOT,
    *(
        resource(item["type"], item["name"], item["properties"], protect=bool(item["options"].get("protect")))
        for item in {item["urn"]: item for item in reversed(RULES[1:])}.values()  # a URN is live once
    ),
    resource("demo:index:Server", "parts"),  # a name twice, for the stack policies
]

KUBERNETES = [
    ROOT,
    *(resource(item["type"], item["name"], item["properties"]) for item in OBJECTS[1:]),
]

AWS = [
    ROOT,
    resource("pulumi:providers:aws", "default_4_38_1", {"region": "eu-central-1", "version": "4.38.1"}),
    resource("aws:s3/bucket:Bucket", "logs", {"acl": "log-delivery-write", "bucket": "logs"}),
    resource("aws:s3/bucket:Bucket", "data", {"bucket": "data", "loggings": [{"targetBucket": "logs"}]}),
    resource(
        "aws:ec2/instance:Instance",
        "web",
        {"instanceType": "t3.micro", "ami": "ami-1", "associatePublicIpAddress": True},
    ),
    resource(
        "aws:ec2/instance:Instance",
        "worker",
        {
            "instanceType": "t3.micro",
            "monitoring": True,
            "rootBlockDevice": {"encrypted": True},
            "ebsBlockDevices": [{"deviceName": "/dev/sdb", "encrypted": False, "volumeId": "vol-1"}],
        },
    ),
    resource(
        "aws:rds/instance:Instance",
        "orders",
        {
            "engine": "postgres",
            "instanceClass": "db.t3.micro",
            "backupRetentionPeriod": 0,
            "publiclyAccessible": True,
            "password": {**_SECRET, "plaintext": '"correct horse battery staple"'},
        },
    ),
    resource(
        "aws:rds/instance:Instance",
        "stock",
        {"engine": "postgres", "backupRetentionPeriod": 14, "multiAz": True, "storageEncrypted": True},
    ),
    resource("aws:redshift/cluster:Cluster", "facts", {"nodeType": "dc2.large", "publiclyAccessible": False}),
    resource("aws:dynamodb/table:Table", "carts", {"serverSideEncryption": {"enabled": True}}),
    resource("aws:dynamodb/table:Table", "visits", {"serverSideEncryption": {"enabled": False}}),
    resource("aws:efs/fileSystem:FileSystem", "share"),
    resource("aws:elasticsearch/domain:Domain", "search", {"domainName": "search"}),
    resource("aws:apigateway/restApi:RestApi", "api", {"name": "api"}),
    resource("aws:apigateway/stage:Stage", "live", {"stageName": "live"}),
    resource("aws:kms/key:Key", "key", {"enableKeyRotation": True}),
    resource("aws:kms/key:Key", "still", {"enableKeyRotation": False}),
    resource("aws:lb/loadBalancer:LoadBalancer", "modern", {"enableDeletionProtection": False}),
    resource("aws:elasticloadbalancingv2/loadBalancer:LoadBalancer", "front"),
    resource(
        "aws:elasticloadbalancingv2/listener:Listener",
        "plain",
        {"protocol": "HTTP", "port": 80, "defaultActions": [{"type": "forward"}]},
    ),
]


def written(resources: Sequence[dict[str, Any]], path: Path) -> Path:
    """The file, as `pulumi stack export` writes it."""
    path.write_text(json.dumps({"version": 3, "deployment": {"resources": resources}}, indent=4), "utf-8")
    return path
