"""AWS's names as aws-native spells them."""

from __future__ import annotations

import pytest

from packreg.states.inventory.aws_names import properties, property_name, type_token


@pytest.mark.parametrize(
    ("aws", "token"),
    [
        ("AWS::S3::Bucket", "aws-native:s3:Bucket"),
        ("AWS::EC2::VPC", "aws-native:ec2:Vpc"),
        ("AWS::EC2::VPCEndpoint", "aws-native:ec2:VpcEndpoint"),
        ("AWS::IAM::OIDCProvider", "aws-native:iam:OidcProvider"),
        ("AWS::WAFv2::IPSet", "aws-native:wafv2:IpSet"),
        ("AWS::RDS::DBInstance", "aws-native:rds:DbInstance"),
        ("AWS::Config::ConfigRule", "aws-native:configuration:ConfigRule"),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", "aws-native:elasticloadbalancingv2:LoadBalancer"),
        ("Alexa::ASK::Skill", ""),
        ("AWS::S3", ""),
        ("AWS::S3::Bucket::MODULE", ""),
    ],
)
def test_a_type_has_the_token_of_the_native_provider(aws: str, token: str) -> None:
    """A type is called as in @pulumi/aws-native, and what is not AWS's own has no token."""
    assert type_token(aws) == token


@pytest.mark.parametrize(
    ("aws", "name"),
    [
        ("BucketName", "bucketName"),
        ("SSESpecification", "sseSpecification"),
        ("AnIPAddress", "anIpAddress"),
        ("SomeARNs", "someArns"),
        ("ThreeIPsPlease", "threeIpsPlease"),
        ("EC2ManagedKey", "ec2ManagedKey"),
        ("UseEC2Please", "useEc2Please"),
        ("ACatAndADog", "aCatAndADog"),
        ("ASCIIAndMore", "asciiAndMore"),
        ("HTTP2", "http2"),
        ("IAspire", "iAspire"),
        ("lowercaseACat", "lowercaseACat"),
        ("", ""),
    ],
)
def test_a_property_has_the_name_of_the_native_provider(aws: str, name: str) -> None:
    """Acronyms, plurals of acronyms and digits become what the provider's own rule makes of them."""
    assert property_name(aws) == name


def test_names_change_at_every_depth_and_values_never() -> None:
    """Keys inside lists and documents are renamed too, as the provider does; values stay as they are."""
    given = {
        "PolicyDocument": {"Statement": [{"Effect": "Allow", "NotAction": ["S3:Get"]}]},
        "KMSKeyID": None,
    }
    assert properties(given) == {
        "policyDocument": {"statement": [{"effect": "Allow", "notAction": ["S3:Get"]}]},
        "kmsKeyId": None,
    }
