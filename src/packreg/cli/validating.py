"""`validate-config`: check whether a pack accepts a configuration, and show the resulting settings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from packreg.cli.analyzing import read_layers
from packreg.cli.base import command
from packreg.cli.installing import offline_option, python_option
from packreg.configuration.reconcile import ConfigurablePack, reconcile
from packreg.errors import UsageError
from packreg.reports.plain import json_value
from packreg.services.pack_info import said_by

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext


@command(
    "validate-config",
    examples=(
        "packreg validate-config s3-rules@1.2.0 --config s3-rules.json",
        "packreg validate-config ./s3-rules --config base.json --config prod.json --json",
    ),
)
@click.argument("pack", metavar="REF|DIR")
@click.option(
    "--config",
    metavar="FILE",
    multiple=True,
    required=True,
    help="The configuration. Later files are stronger.",
)
@offline_option
@python_option
@click.pass_obj
def validate_config_command(
    context: CommandContext, pack: str, config: tuple[str, ...], offline: bool, python: str | None
) -> None:
    """Check the configuration of a pack against its policies.

    The policies and schemas of a release are in its record, so it is neither installed nor run. A directory,
    or a release that was published without them, is run to ask for them. Nothing is judged. Prints the level
    and the properties that each policy would get. Exit code 0, or 4 with everything that is wrong.
    """
    layers = [layer for name, layer in read_layers(context, config) if not name]
    if len(layers) < len(config):
        raise UsageError("--config PACK=FILE is for several packs", hint="write --config FILE")
    info, version, runtime = said_by(context, pack, offline=offline, python=python)
    found = reconcile(ConfigurablePack.of(info, runtime), layers)
    for warning in found.warnings:
        context.out.warn(str(warning), warning.hint)
    own = {policy.name for policy in info.policies}
    settings = {name: each for name, each in sorted((found.settings or {}).items()) if name in own}
    if context.out.json:
        context.out.document(
            {
                "pack": info.shown_name,
                "version": version,
                "policies": [
                    {"policy": name, "level": each.level, "properties": json_value(dict(each.properties))}
                    for name, each in settings.items()
                ],
                "warnings": [warning._asdict() for warning in found.warnings],
            }
        )
        return
    context.out.table(
        ["policy", "level", "properties"],
        [
            [
                name,
                each.level,
                json.dumps(json_value(dict(each.properties)), sort_keys=True, ensure_ascii=False),
            ]
            for name, each in settings.items()
        ],
    )
