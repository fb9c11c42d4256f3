"""Needs a token from its environment and a word from its configuration, tells both, and can be told to break."""

import os
import time
from pathlib import Path

import pulumi
from pulumi_policy import EnforcementLevel, PolicyConfigSchema, PolicyPack, ResourceValidationPolicy


def tells(args, report):
    if args.props.get("bucketName") == "tell":
        word, token = args.get_config()["word"], os.environ.get("TOKEN", "no token")
        report(f"{token}, {word}, {pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}")


def breaks(args, report):
    name = str(args.props.get("bucketName"))
    if name == "break":
        raise ValueError("this bucket breaks it")
    if name.startswith("wait:"):
        Path(name.removeprefix("wait:")).touch()
        time.sleep(600)


PolicyPack(
    name="python-token",
    enforcement_level=EnforcementLevel.ADVISORY,
    policies=[
        ResourceValidationPolicy(
            "tells",
            "Tells what it was given.",
            tells,
            config_schema=PolicyConfigSchema(
                properties={"word": {"type": "string", "default": "no word"}},
            ),
        ),
        ResourceValidationPolicy("breaks", "Breaks or waits.", breaks),
    ],
)
