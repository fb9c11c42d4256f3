"""The shapes of a file of governance."""

from __future__ import annotations

from packreg.groups.file_shapes import FileShapes, is_nothing
from packreg.pack import strict_yaml as yaml
from packreg.pack.problems import Problems


def test_everything_that_is_wrong_is_told_with_its_place() -> None:
    """A wrong shape, an unknown key and a number for a text are three problems, each where it stands."""
    problems = Problems()
    root = yaml.read_yaml(b"a: 1\nlst: x\nnothing: ~\n", "f", problems)
    assert root is not None
    shapes = FileShapes("f", problems)
    found = shapes.members(root, "the file", ("a", "list", "nothing"))
    assert set(found) == {"a", "lst"}
    assert shapes.text(found["a"], "a") == "?" and shapes.text(found["a"], "a", quoted=False) == "1"
    assert shapes.items(found, "lst") == () and shapes.word(found["lst"], ("y", "z")) is None
    places = [str(each).partition(" ")[0] for each in problems.errors]
    assert places == ["f:2:1:", "f:1:4:", "f:2:6:", "f:2:6:"]
    assert problems.errors[0].hint == "did you mean list?"
    nothing = root.get("nothing") if isinstance(root, yaml.Mapping) else None
    assert nothing is not None and is_nothing(nothing)
