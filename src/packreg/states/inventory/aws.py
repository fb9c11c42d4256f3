"""The resources of an AWS account, listed and read through Cloud Control."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from packreg.errors import PackregError, Problem, UsageError
from packreg.states.inventory.answers import not_read
from packreg.states.inventory.aws_names import properties, type_token
from packreg.store.aws import answer_code, aws_client, aws_session

#: Types that are listed at the same time; with more, Cloud Control throttles the account.
_AT_ONCE = 8
#: What AWS answers for types that only exist inside another resource, or that it cannot list.
_UNLISTABLE = frozenset({"UnsupportedActionException", "TypeNotFoundException", "InvalidRequestException"})
_NEEDS = "the credentials need cloudcontrol:ListResources, GetResource, and the type's own read permissions"


class _Found(NamedTuple):
    resources: list[dict[str, Any]]
    unread: list[Problem]
    unlistable: str = ""


class AwsInventory:
    """The resources of an AWS account in some regions. Credentials come from the AWS chain.

    `types` are AWS type names or globs (`AWS::S3::*`); empty means every type of AWS's own in the account's
    CloudFormation registry. Types that exist only inside another resource cannot be listed; they are added to
    `unlistable`. `progress` gets the name of each type before it is listed.
    """

    def __init__(
        self,
        *,
        regions: Sequence[str] = (),
        types: Sequence[str] = (),
        profile: str | None = None,
        instance_role: bool = True,
        progress: Callable[[str], None] = lambda what: None,
    ) -> None:
        self._regions = tuple(dict.fromkeys(regions))
        self._types = tuple(dict.fromkeys(types))
        self._profile, self._instance_role = profile, instance_role
        self._progress = progress
        self.unread: list[Problem] = []
        self.unlistable: list[str] = []
        self.unnamed: list[str] = []

    def resources(self) -> Iterator[dict[str, Any]]:
        """Each resource as `aws-native` would read it, ordered by region, type and identifier.

        Raises:
            UsageError: there is no region, or no such profile.
            StoreRefused: there are no credentials, or they are not accepted.
            StoreUnavailable: AWS cannot be reached.
        """
        from botocore.exceptions import ProfileNotFound

        session = aws_session(self._profile or "", instance_role=self._instance_role)
        try:
            regions = self._regions or tuple(filter(None, [session.get_config_variable("region")]))
        except ProfileNotFound as error:
            raise UsageError(str(error), hint="`aws configure list-profiles` shows what there is") from None
        if not regions:
            raise UsageError("no AWS region is configured", hint="name one with --region, or set AWS_REGION")
        for region in regions:
            yield from self._region(session, region)

    def _region(self, session: Any, region: str) -> Iterator[dict[str, Any]]:
        from packreg.store.aws_answers import sort_out

        def client(service: str, attempts: int = 10) -> Any:
            return aws_client(
                session,
                service,
                region=region,
                attempts=attempts,
                retries="adaptive",
                max_pool_connections=_AT_ONCE,
            )

        try:
            account = client("sts", 2).get_caller_identity()["Account"]
            types = self._wanted(client)
            cloudcontrol = client("cloudcontrol")
        except PackregError:
            raise
        except Exception as error:  # noqa: BLE001 - sorted out, and passed on when it is a defect
            raise sort_out(error, f"AWS cannot be asked in {region}", needs=_NEEDS) from None
        place = f"{region}::{account}"
        pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="packreg-aws")
        try:
            for found in pool.map(lambda name: self._type(cloudcontrol, name, place), types):
                self.unread += found.unread
                self.unlistable += [found.unlistable] if found.unlistable else []
                yield from found.resources
        finally:
            pool.shutdown(cancel_futures=True)

    def _wanted(self, client: Callable[[str], Any]) -> list[str]:
        plain = [name for name in self._types if "*" not in name and "?" not in name]
        for name in plain:
            if not type_token(name):
                raise UsageError(f"{name!r} is not a type of AWS's own", hint="such as AWS::S3::Bucket")
        globs = [name for name in self._types if name not in plain]
        if self._types and not globs:
            return sorted(plain)
        known = [name for name in _known_types(client("cloudformation")) if type_token(name)]
        chosen = [name for name in known if not globs or any(fnmatchcase(name, glob) for glob in globs)]
        return sorted({*plain, *chosen})

    def _type(self, cloudcontrol: Any, name: str, place: str) -> _Found:
        """All resources of a type. Failures are returned, not raised, so that the other types go on."""
        from botocore.exceptions import BotoCoreError, ClientError

        self._progress(name)
        found = _Found([], [])
        try:
            pages = cloudcontrol.get_paginator("list_resources").paginate(TypeName=name)
            ids = sorted(
                {each["Identifier"] for page in pages for each in page.get("ResourceDescriptions", ())}
            )
        except ClientError as error:
            if answer_code(error) in _UNLISTABLE:
                return found._replace(unlistable=name)
            return found._replace(unread=[_unread(name, place, _reason(error))])
        except BotoCoreError as error:
            return found._replace(unread=[_unread(name, place, str(error))])
        for identifier in ids:
            try:
                answer = cloudcontrol.get_resource(TypeName=name, Identifier=identifier)
                shape = json.loads(answer["ResourceDescription"]["Properties"])
            except ClientError as error:
                if answer_code(error) != "ResourceNotFoundException":  # deleted since it was listed
                    found.unread.append(_unread(f"{name} {identifier}", place, _reason(error)))
                continue
            except (BotoCoreError, KeyError, ValueError, RecursionError) as error:
                found.unread.append(_unread(f"{name} {identifier}", place, str(error)))
                continue
            found.resources.append(_resource(name, identifier, shape, place))
        return found


def _resource(name: str, identifier: str, shape: object, place: str) -> dict[str, Any]:
    token = type_token(name)
    return {
        "type": token,
        "name": identifier,
        "urn": f"urn:pulumi:{place}::{token}::{identifier}",
        "id": identifier,
        "properties": properties(shape),
    }


def _known_types(cloudformation: Any) -> Iterator[str]:
    """The names of the types that Cloud Control can provision, which are those that it can read."""
    for provisioning in ("FULLY_MUTABLE", "IMMUTABLE"):
        pages = cloudformation.get_paginator("list_types").paginate(
            Visibility="PUBLIC",
            Type="RESOURCE",
            ProvisioningType=provisioning,
            Filters={"Category": "AWS_TYPES"},
        )
        for page in pages:
            for summary in page.get("TypeSummaries", ()):
                yield summary["TypeName"]


def _reason(error: Any) -> str:
    code, message = answer_code(error), error.response.get("Error", {}).get("Message", "")
    return f"{code}: {message}" if message else code


def _unread(what: str, place: str, reason: str) -> Problem:
    return not_read(what, place.partition("::")[0], reason, _NEEDS)
