"""The one way to AWS and what speaks its protocols: clients of botocore, and reading their failures.

botocore is imported by the first client, which takes 250 ms; boto3's own session would take 65 ms more and
adds nothing here. Its checksums are off (`when_required`): the default of 2025 sends trailers that several
stores refuse or store inside the object, and expects them of objects that were written without.
What a failure means is in `aws_answers`.
"""

from __future__ import annotations

from typing import Any, Literal

from packreg.store.url import check_http


def aws_session(profile: str = "", *, instance_role: bool = True) -> Any:
    """The AWS configuration and credentials, of a profile or of the environment.

    Without `instance_role` the cloud's metadata service is not asked for credentials, which costs seconds on
    a machine that is in no cloud.

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
    """A client for a service; `attempts` are made in all, timeouts are seconds of silence.

    With `https_for`, which names what is asked for in messages, http to another machine is refused. `verify`
    is a file of certificates, or whether they are checked; `config` are other options of botocore's `Config`.

    Raises:
        UsageError: http, where it is refused.
        BotoCoreError, ValueError: of botocore; the configuration cannot be used.
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
    if https_for:  # asked of the client: the endpoint may be a variable's
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
