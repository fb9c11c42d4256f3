"""Make botocore clients for AWS and compatible services, and read the codes of their errors.

All clients of packreg are made here. Importing botocore takes 250 ms, so the first client does it; boto3's
session would take 65 ms more and add nothing. botocore's checksums are off (`when_required`): since 2025 its
default sends trailers that several stores refuse or store inside the object, and expects checksums of objects
that were written without. `aws_answers` says what a failure means.
"""

from __future__ import annotations

from typing import Any, Literal

from packreg.store.trust import check_http


def aws_session(profile: str = "", *, instance_role: bool = True) -> Any:
    """The AWS configuration and credentials, from a profile or from the environment.

    With `instance_role`, credentials may come from the cloud's metadata service; on a machine outside of a
    cloud, asking it takes seconds.

    Raises:
        ProfileNotFound of botocore, here or when it is first used.
    """
    from botocore.session import Session

    session = Session(profile=profile or None)
    if not instance_role:
        session.get_component("credential_provider").remove("iam-role")
    return session


def aws_client(
    session: Any,
    service: str,
    *,
    region: str = "",
    endpoint_url: str = "",
    attempts: int = 4,
    connect_timeout: float = 10.0,
    read_timeout: float = 60.0,
    https_for: str = "",
    use_ssl: bool = True,
    verify: bool | str | None = None,
    retries: Literal["standard", "adaptive"] = "standard",
    **config: Any,
) -> Any:
    """A client for a service. `attempts` is how often a request is made at most; timeouts are in seconds.

    With `https_for`, http to another machine is refused; its text names the requested thing in the message.
    `verify` is a file of CA certificates, or whether certificates are checked. `config` are other options of
    botocore's `Config`.

    Raises:
        UsageError: the endpoint is http on another machine, and `https_for` is given.
        BotoCoreError, ValueError: from botocore; the configuration cannot be used.
    """
    from botocore.config import Config

    made = session.create_client(
        service,
        region_name=region or None,
        endpoint_url=endpoint_url or None,
        use_ssl=use_ssl,
        verify=verify,
        config=Config(
            retries={"mode": retries, "total_max_attempts": attempts},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            user_agent_extra="packreg",
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            **config,
        ),
    )
    if https_for:  # the client knows the endpoint, which may come from the environment
        check_http(made.meta.endpoint_url, https_for)
    return made


def answer_code(failed: BaseException | None) -> str:
    """The code of an error answer, such as `NoSuchKey`; empty for everything else."""
    answer = getattr(failed, "response", None) or {}
    return str(answer.get("Error", {}).get("Code", ""))


def answer_status(failed: BaseException | None) -> int:
    """The HTTP status of an error answer; 0 for everything else."""
    answer = getattr(failed, "response", None) or {}
    return int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
