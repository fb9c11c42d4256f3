"""References: the words that name a release."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.errors import UsageError
from packreg.pack.reference import Reference, digest_problem
from packreg.pack.version import Version, VersionRange

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "name", "wanted"),
    [
        ("guard", "guard", None),
        ("guard@latest", "guard", None),
        ("Guard@1.2.3", "guard", Version("1.2.3")),
        ("guard@v1.2.3", "guard", Version("1.2.3")),
        ("guard@V1.2.3-RC.1", "guard", Version("1.2.3-rc.1")),
        ("guard@1.0.0-x", "guard", Version("1.0.0-x")),
        (f"guard@{DIGEST}", "guard", DIGEST),
    ],
)
def test_a_reference_names_a_pack_and_one_release(text: str, name: str, wanted: object) -> None:
    """A bare name and latest mean the latest; a version or a digest means exactly that."""
    assert Reference.parse(text) == Reference(name, wanted)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wanted", ["^1.2", "~1.2.3", "1.x", "1", "1.2", "v1.2", "*", ">=1.2 <2", "1 || 2", "x"]
)
def test_a_reference_may_name_a_range(wanted: str) -> None:
    """Whatever is no exact version and reads as a range is one."""
    found = Reference.parse(f"guard@{wanted}").wanted
    assert isinstance(found, VersionRange)
    assert found.text == wanted


@pytest.mark.parametrize(
    "text",
    [
        *("", "@", "@1.0.0", "guard@", "-x@1.0.0", "../x", "a/b@1.0.0", "guard@1.0.0@2.0.0"),
        *("guard@lates", "guard@main", "guard@v", "guard@-rf", "guard@1.0.0+b1", "guard@1.0.0rc1"),
        *("guard@sha256:abc", f"guard@{DIGEST.upper()}", f"guard@{DIGEST}0"),
        *("guard@1.2.3.4", "guard@01.0.0", "guard@\n", "guard@1.0.0\n2"),
    ],
)
def test_anything_else_is_a_usage_error(text: str) -> None:
    """What names no release is refused in one sentence."""
    with pytest.raises(UsageError) as caught:
        Reference.parse(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "hint"), [("guard@1.0.0rc1", "write 1.0.0-rc.1"), ("guard@", "write guard@1.2.0")]
)
def test_the_hint_says_how_to_write_it(text: str, hint: str) -> None:
    """A near miss comes with the right spelling."""
    with pytest.raises(UsageError) as caught:
        Reference.parse(text)
    assert hint in caught.value.hint


@given(st.text(max_size=30) | st.from_regex(r"[a-z]{1,3}@[0-9a-z.^~<>=|* :-]{0,20}", fullmatch=True))
def test_any_text_is_a_reference_or_a_usage_error(text: str) -> None:
    """No text makes the parser fail otherwise; a reference written out reads as the same one."""
    try:
        reference = Reference.parse(text)
    except UsageError:
        return
    again = Reference.parse(str(reference))
    assert (again.name, str(again.wanted)) == (reference.name, str(reference.wanted))


@pytest.mark.parametrize("text", [DIGEST[:-1], DIGEST + "\n", "sha512:" + "0" * 64, DIGEST.replace("a", "g")])
def test_a_digest_has_one_spelling(text: str) -> None:
    """64 lower-case hex digits behind sha256:, and nothing else."""
    assert digest_problem(text)
    assert digest_problem(DIGEST) == ""
