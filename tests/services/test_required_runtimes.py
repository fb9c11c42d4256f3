"""Which runtimes a machine needs for the packs that policy groups require."""

from __future__ import annotations

from packreg.groups.editing import enable, new_group
from packreg.groups.model import DEFAULT_PREVENTATIVE as DEFAULT
from packreg.services.governance import edit_governance, read_governance
from packreg.services.required_runtimes import by_runtime, required_releases, without_interpreter
from packreg.services.workspace import Workspace
from tests.groups.governance import entry, group


def test_releases_stand_under_their_runtime(governed: Workspace) -> None:
    """Each release that a group could mean now is named once; what cannot be had is left to the decision."""
    assert required_releases(governed, read_governance(governed)) == []
    edit_governance(governed, lambda base: new_group(base, group("a", stacks=("x/y",))), "a")
    for name, asked in ((DEFAULT, entry("guard", "latest")), ("a", entry("guard", "1.1.0"))):
        edit_governance(governed, lambda base, name=name, asked=asked: enable(base, name, asked), "x")
    edit_governance(governed, lambda base: enable(base, "a", entry("none")), "x")
    found = required_releases(governed, read_governance(governed))
    assert by_runtime(found) == {found[0].runtime: ["guard@1.1.0"]}
    record = governed.registry().record("guard", governed.registry().versions("guard").latest().version)
    assert found == [record]


def test_releases_that_no_python_can_run_are_named(governed: Workspace) -> None:
    """With both versions, and what to do; one that says nothing runs with any."""
    record = governed.registry().record("guard", governed.registry().versions("guard").latest().version)
    never = record._replace(requires_python=">=3.40")
    fine = record._replace(requires_python=">=3.11")
    (error,) = without_interpreter(governed, [record, never, fine])
    assert "guard@1.1.0 requires Python >=3.40, and what there is" in str(error)
