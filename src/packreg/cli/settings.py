"""`config`: every setting and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from packreg.cli.base import command
from packreg.pack.files import Limits
from packreg.settings.file import KEYS, OPERATORS
from packreg.settings.limits import default_limits
from packreg.settings.values import ANSWER_SECONDS, MARKDOWN_CHARACTERS, REPLICA_LAG_SECONDS, SEAL_LIMIT

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext


@command("config", examples=("packreg config", "packreg --registry s3://policies config --json"))
@click.pass_obj
def config_command(context: CommandContext) -> None:
    """Print every setting and where it comes from.

    What the operator's file says is fixed. Then comes --registry, then PACKREG_REGISTRY, PACKREG_HOME,
    PACKREG_OPA_ANALYZER and PACKREG_ALLOW_HTTP, then packreg.toml in this directory or above, then
    packreg.toml in the user's configuration directory, then the defaults.
    """
    rows = all_settings(context)
    if context.out.json:
        context.out.document(
            {
                "settings": [{"key": key, "value": value, "origin": origin} for key, value, origin in rows],
                "files": context.settings.files,
                "location": {"url": context.location.url, "id": context.location.id},
            }
        )
        return
    context.out.table(
        ["setting", "value", "origin"],
        [[key, "-" if value is None else _word(value), origin] for key, value, origin in rows],
    )


def all_settings(context: CommandContext) -> list[tuple[str, str | int | bool | None, str]]:
    """Key, value and origin of every setting, those that nobody set with their defaults (None: no value)."""
    settings = context.settings
    defaults: dict[str, str | int | bool] = {
        "registry.instance_role": False,
        "registry.allow_http": False,
        "registry.answer_seconds": ANSWER_SECONDS,
        "registry.replica_lag_seconds": REPLICA_LAG_SECONDS,
        "publish.seal": False,
        "publish.seal_limit": SEAL_LIMIT,
        "reports.markdown_characters": MARKDOWN_CHARACTERS,
        **default_limits(),
    }
    defaults |= {f"limits.{k[7:]}": getattr(Limits(), k[7:]) for k in KEYS if k.startswith("limits.")}
    rows: list[tuple[str, str | int | bool | None, str]] = []
    of_packs = sorted(key for key in settings.values if key.startswith(("analysis.packs.", "backends.")))
    operators = [key for key in OPERATORS if settings.operators]
    for key in (*KEYS, *operators, *of_packs):
        if key in ("registry.endpoint_url", "registry.region", "registry.profile"):
            option = getattr(context.location, key.partition(".")[2], None) or None
            rows.append((key, option, settings.origins["registry.url"] if option else "default"))
        elif key == "registry.url" and context.location.is_local and "://" not in settings.registry:
            rows.append((key, context.place, settings.origins[key]))
        else:
            rows.append(
                (key, settings.values.get(key, defaults.get(key)), settings.origins.get(key, "default"))
            )
    return rows


def _word(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
