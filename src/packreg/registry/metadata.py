"""Read the metadata in a record: what the running pack reported when it was published.

It is read as strictly as the rest of the record. Names of policies stay unchanged, because configurations
name them; texts for people are made printable line by line. Schemas and the properties of `initialConfig`
stay unchanged, since they are used as values: whoever shows them makes them printable.
"""

from __future__ import annotations

from packreg.pack.metadata import Framework, InitialSetting, PackInfo, PolicyInfo, Schema, faults
from packreg.registry.members import Members
from packreg.text import one_line


def read_metadata(found: Members) -> PackInfo:
    """The metadata, from the record's member `metadata`. Unknown members are ignored.

    Raises:
        IntegrityError: a member is missing, has another type, or breaks a rule of `pack.metadata.faults`.
    """
    initial = found.members("initial")
    info = PackInfo(
        name=_name(found),
        version=found.text("version"),
        policies=tuple(_policy(policy) for policy in found.list_of("policies")),
        display_name=found.lines("display_name"),
        description=found.lines("description"),
        readme=found.lines("readme"),
        provider=found.lines("provider"),
        repository=found.lines("repository"),
        tags=found.texts("tags"),
        supports_config=found.raw("supports_config", bool),
        initial={name: _setting(initial, name) for name in sorted(initial.values)},
        sdk=found.text("sdk"),
    )
    wrong = faults(info)
    if wrong:
        raise found.wrong("policies", "; ".join(wrong[:20]))
    return info


def _policy(found: Members) -> PolicyInfo:
    return PolicyInfo(
        name=_name(found),
        level=found.text("level"),
        type=found.text("type"),
        display_name=found.lines("display_name"),
        description=found.lines("description"),
        message=found.lines("message"),
        severity=found.text("severity"),
        framework=found.optional("framework", _framework),
        tags=found.texts("tags"),
        remediation_steps=found.lines("remediation_steps"),
        url=found.text("url"),
        schema=found.optional("schema", _schema),
    )


def _framework(found: Members) -> Framework:
    return Framework(
        found.lines("name"), found.lines("version"), found.lines("reference"), found.lines("specification")
    )


def _schema(found: Members) -> Schema:
    return Schema(found.raw("properties", dict), found.exact_texts("required"))


def _setting(initial: Members, name: str) -> InitialSetting:
    found = initial.members(name)
    if not name.isprintable():
        raise initial.wrong(one_line(name), "it is not the name of a policy")
    return InitialSetting(found.text("level"), found.raw("properties", dict))


def _name(found: Members) -> str:
    """A name, unchanged."""
    return found.matching("name", str.isprintable)
