"""Which versions an entry could mean, and whether each takes the configuration."""

from __future__ import annotations

import pytest

from packreg.configuration.reconcile import ConfigurablePack
from packreg.errors import InvalidConfiguration, NotFound, UsageError
from packreg.groups.admission import MAX_VERSIONS, configuration_warnings, wanted_versions
from packreg.pack.metadata import PackInfo, PolicyInfo, Schema
from packreg.pack.version import Version
from packreg.registry.layout import record_key, revision_key, tombstone_key
from packreg.registry.listing import PackListing
from tests.groups.governance import entry

VERSIONS = ["1.0.0", "1.1.0", "1.2.0", "2.0.0", "3.0.0-rc.1"]
KEYS = [record_key("guard", Version(version)) for version in VERSIONS]
LISTING = PackListing.from_keys(
    "guard",
    [
        *KEYS,
        revision_key("guard", Version("1.1.0"), 1),
        record_key("guard", Version("0.9.0")),
        tombstone_key("guard", Version("0.9.0")),
    ],
)


@pytest.mark.parametrize(
    ("wanted", "versions"),
    [
        ("latest", ["2.0.0"]),
        ("1.0.0", ["1.0.0"]),
        ("1.1.0", ["1.1.0"]),
        ("^1", ["1.2.0", "1.0.0"]),
        (">=1 <3", ["2.0.0", "1.2.0", "1.0.0"]),
    ],
)
def test_a_range_could_mean_all_that_it_holds(wanted: str, versions: list[str]) -> None:
    """An exact version and the latest are one; a range is every published version in it, the newest first."""
    found, _ = wanted_versions(entry("guard", wanted), LISTING)
    assert [str(version) for version in found] == versions


def test_a_pinned_version_that_is_yanked_is_warned_of() -> None:
    """It can be had, and somebody should know."""
    _, warnings = wanted_versions(entry("guard", "1.1.0"), LISTING)
    assert [warning.code for warning in warnings] == ["yanked"]


@pytest.mark.parametrize("wanted", ["0.9.0", "9.9.9", "^9"])
def test_what_cannot_be_had_is_refused(wanted: str) -> None:
    """A removed version, one that never was, and an empty range."""
    with pytest.raises(NotFound):
        wanted_versions(entry("guard", wanted), LISTING)


def test_a_digest_is_refused() -> None:
    """Groups name versions."""
    with pytest.raises(UsageError):
        wanted_versions(entry("guard", "sha256:" + "0" * 64), LISTING)


def test_many_versions_are_said() -> None:
    """Of a range with very many versions the newest are checked, and that is said."""
    keys = [record_key("guard", Version(f"1.{number}.0")) for number in range(MAX_VERSIONS + 5)]
    found, warnings = wanted_versions(entry("guard", "^1"), PackListing.from_keys("guard", keys))
    assert (len(found), str(found[0])) == (MAX_VERSIONS, f"1.{MAX_VERSIONS + 4}.0")
    assert [warning.code for warning in warnings] == ["many-versions"]


def info(*names: str, required: tuple[str, ...] = (), runtime: str = "python") -> ConfigurablePack:
    """A pack whose policies take a list of regions."""
    schema = Schema({"regions": {"type": "array", "items": {"type": "string"}}}, required)
    policies = tuple(PolicyInfo(name, "mandatory", schema=schema) for name in names)
    return ConfigurablePack.of(PackInfo("guard", "1.0.0", policies, supports_config=True), runtime)


ONE, TWO, THREE = Version("1.0.0"), Version("1.1.0"), Version("1.2.0")


def test_every_version_that_refuses_is_named() -> None:
    """A configuration that versions of a range refuse is refused, with all of those named at once."""
    asked = entry("guard", "^1", config={"places": {"regions": "eu"}})
    with pytest.raises(InvalidConfiguration) as refused:
        configuration_warnings(
            asked, {THREE: info("places"), TWO: info("places"), ONE: info("places")}, "f.json"
        )
    assert len(refused.value.problems) == 1
    assert "guard@1.2.0 and 2 older versions" in str(refused.value)
    assert "f.json" in str(refused.value)


def test_what_the_runtime_forbids_is_refused() -> None:
    """No group says of an OPA pack what would keep it from running: that it remediates."""
    asked = entry("guard", config={"places": "remediate"})
    with pytest.raises(InvalidConfiguration, match="only report"):
        configuration_warnings(asked, {ONE: info("places", runtime="opa")}, "f.json")
    assert configuration_warnings(asked, {ONE: info("places")}, "f.json") == []


def test_an_unknown_policy_is_warned_of_with_what_was_meant() -> None:
    """Pulumi accepts a level for a policy that there is not; here somebody hears of it."""
    warnings = configuration_warnings(
        entry("guard", config={"place": "advisory"}), {ONE: info("places")}, "f"
    )
    assert [(each.code, each.hint) for each in warnings] == [
        ("config-unknown-policy", "did you mean places?")
    ]


def test_a_version_without_metadata_is_warned_of() -> None:
    """What cannot be checked is not passed over in silence."""
    assert [each.code for each in configuration_warnings(entry("guard"), {ONE: None}, "f")] == ["no-metadata"]


def test_what_an_environment_may_mend_is_a_warning() -> None:
    """A required property that is missing refuses, unless an environment may bring it."""
    versions = {ONE: info("places", required=("regions",))}
    with pytest.raises(InvalidConfiguration):
        configuration_warnings(entry("guard"), versions, "f")
    warnings = configuration_warnings(entry("guard", environments=("prod",)), versions, "f")
    assert [each.code for each in warnings] == ["config-value"]
    assert "environment" in warnings[0].hint
