"""Names, versions, their order, and ranges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.errors import UsageError
from packreg.pack.version import MAX_NUMBER, Version, VersionRange, name_problem, pack_name, version_problem

ACCEPTED = [
    "1.0.0", "0.0.1", "0.0.0", "1.2.3-rc.1", "1.2.3-alpha", "1.2.3-0", "2024.1.15", "0.1.20200903-2",
    "0.0.0-development", "1.0.0-RC.1", "1.0.0-1.2.3", "1.0.0--", "1.0.0-0.0.0", "1.0.0-x-v1.0.0",
    "1.0.0-" + "a" * 94, f"{MAX_NUMBER}.0.0",
]  # fmt: skip

#: Every other spelling seen in the wild or in the tools' own tests, with the words its author needs.
REFUSED = {
    "1.2.3-01": "1.2.3 or 1.2.3-rc.1",
    "1.2.3-rc.01": "1.2.3 or 1.2.3-rc.1",
    "1.0.0+b1": "write 1.0.0",
    "1.0.0-rc.1+b1": "write 1.0.0-rc.1",
    "1.0.0+local.1": "write 1.0.0",
    "1.0.0+": "write 1.0.0",
    "v1.0.0": "write 1.0.0",
    "v1.0": "write 1.0.0",
    "V2": "write 2.0.0",
    "v1.0.0rc1": "write 1.0.0-rc.1",
    "V1.0.0": "write 1.0.0",
    "=1.0.0": "write 1.0.0",
    " 1.0.0": "remove the white space: 1.0.0",
    "1.0.0 ": "remove the white space: 1.0.0",
    "1.0.0\n": "remove the white space: 1.0.0",
    "1": "write 1.0.0",
    "1.0": "write 1.0.0",
    "1.10": "write 1.10.0",
    "20200825": "write 20200825.0.0",
    "0": "write 0.0.0",
    "1.0.0.2": "1.2.3 or 1.2.3-rc.1",
    "01.0.0": "no leading zeros: write 1.0.0",
    "1.00.0": "no leading zeros: write 1.0.0",
    "2024.01.15": "no leading zeros: write 2024.1.15",
    "1.0.0rc1": "write 1.0.0-rc.1",
    "1.0.0a1": "write 1.0.0-alpha.1",
    "1.0.0b2": "write 1.0.0-beta.2",
    "1.0.0.post1": "write 1.0.0-post.1",
    "1.0.0.dev1": "write 1.0.0-dev.1",
    **dict.fromkeys(
        [
            *("1.0.0-", "1.0.0-rc..1", "1.0.0-rc_1", "1.0.0_1", "1!1.0.0", "1.0.0-rc.1.", "1,0,0", "1.0.0-é"),
            *("latest", "LATEST", "all", "VERSION", "${VERSION}", "main", "1.x", "*", ".", "..", "-1", "-rf"),
            *("1.0.0/../x", "1.0.0%2f", "１.０.０", "1:30:00", "2024-01-15", "a" * 100, "1.0.0\0", "١.0.0"),
        ],
        "1.2.3 or 1.2.3-rc.1",
    ),
    "": "such as 1.0.0",
    "a" * 101: "",
    "1.0.0-" + "a" * 95: "",
    "99999999999999999999.0.0": "",
    "18446744073709551615.0.0": "",
    "9007199254740992.0.0": "",
    "0.0.9007199254740992": "",
}  # fmt: skip


@pytest.mark.parametrize("text", ACCEPTED)
def test_semver_without_build_metadata_is_a_version(text: str) -> None:
    """SemVer 2.0.0 in ASCII, up to 100 characters and npm's largest number, is taken as written."""
    assert version_problem(text) == ("", "")
    assert str(Version(text)) == text


@pytest.mark.parametrize("text", REFUSED)
def test_everything_else_is_refused_with_the_fix(text: str) -> None:
    """Nothing is normalised: the message says how to write the version."""
    problem, fix = version_problem(text)
    assert problem
    assert REFUSED[text] in fix
    with pytest.raises(UsageError) as caught:
        Version(text)
    assert caught.value.hint == fix
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("text", [text for text, fix in REFUSED.items() if "write " in fix])
def test_the_fix_is_a_version(text: str) -> None:
    """What a hint says to write is accepted."""
    fix = version_problem(text)[1]
    written = fix.rpartition("write ")[2] if "write three" not in fix else "1.2.3-rc.1"
    assert version_problem(written) == ("", "")


_identifiers = st.from_regex(r"0|[1-9][0-9]{0,3}|[0-9]{0,2}[a-zA-Z-][0-9a-zA-Z-]{0,3}", fullmatch=True)
_numbers = st.integers(0, 3) | st.integers(0, MAX_NUMBER)


@st.composite
def _texts(draw: st.DrawFn) -> str:
    release = ".".join(str(draw(_numbers)) for _ in range(3))
    parts = draw(st.lists(_identifiers, max_size=3))
    return release + ("-" + ".".join(parts) if parts else "")


def _precedence(text: str) -> tuple[object, ...]:
    """SemVer 2.0.0 section 11, written out, on lower-case text."""
    release, dash, pre = text.lower().partition("-")
    identifiers = tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in (pre.split(".") if dash else ())
    )
    return (*(int(number) for number in release.split(".")), not dash, identifiers)


@given(_texts(), _texts())
def test_order_is_semver_precedence(one: str, other: str) -> None:
    """Two versions compare as the specification has it, in all six comparisons, and case does not count."""
    a, b = Version(one), Version(other)
    x, y = _precedence(one), _precedence(other)
    assert ((a < b), (a <= b), (a > b), (a >= b), (a == b)) == (x < y, x <= y, x > y, x >= y, x == y)
    assert (a == b) == (a.key == b.key)
    assert a != b or hash(a) == hash(b)
    assert Version(one.upper()) == a


@given(st.lists(_texts(), max_size=8))
def test_sorting_is_total(texts: list[str]) -> None:
    """Any set of versions sorts into one order, whatever order it came in."""
    ordered = sorted(Version(text) for text in texts)
    assert ordered == sorted(Version(text) for text in reversed(texts))
    assert [_precedence(v.text) for v in ordered] == sorted(_precedence(text) for text in texts)


@given(st.text(max_size=30) | _texts() | st.from_regex(r"[0-9a-zA-Z.+v -]{0,20}", fullmatch=True))
def test_any_text_is_a_version_or_a_usage_error(text: str) -> None:
    """No text makes a version otherwise than by being one, and one passes the rule of Pulumi's service."""
    if version_problem(text)[0]:
        with pytest.raises(UsageError):
            Version(text)
    else:
        version = Version(text)
        assert 1 <= len(text) <= 100
        assert set(text) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.")
        assert version.is_prerelease == ("-" in text)
        assert len(version.release) == 3


@given(_texts(), st.lists(_texts(), max_size=6))
def test_the_next_free_version_is_free_and_higher(text: str, used: list[str]) -> None:
    """It is a release, above the given version and all used ones of its minor number, and not used."""
    version, taken = Version(text), [Version(other) for other in used]
    free = version.next_free([version, *taken])
    assert not free.is_prerelease
    assert free > version
    assert free not in taken
    assert all(free > other for other in taken if other.release[:2] == free.release[:2])


def test_the_next_free_version_is_the_next_patch_release() -> None:
    """Used versions of other minor numbers do not count; at the end of the numbers the minor one goes up."""
    used = [Version(text) for text in ("1.2.3", "1.2.9", "1.3.40", "2.2.50", "1.2.11-rc.1")]
    assert Version("1.2.3").next_free(used).text == "1.2.12"
    assert Version("3.0.0").next_free(used).text == "3.0.1"
    assert Version(f"1.2.{MAX_NUMBER}").next_free(used).text == "1.3.41"


RANGES = [
    ("*", "0.0.0 1.2.3 99.0.0", "1.0.0-rc.1"),
    ("1", "1.0.0 1.9.9", "0.9.9 2.0.0 1.5.0-rc.1 2.0.0-rc.1 1.0.0-rc.1"),
    ("1.x", "1.0.0 1.9.9", "2.0.0 0.9.9"),
    ("1.2", "1.2.0 1.2.9", "1.3.0 1.1.9"),
    ("1.2.*", "1.2.0 1.2.9", "1.3.0 1.1.9"),
    ("v1.2.3", "1.2.3", "1.2.4 1.2.3-rc.1"),
    ("=1.2.3-rc.1", "1.2.3-rc.1 1.2.3-RC.1", "1.2.3 1.2.3-rc.2"),
    ("^1.2", "1.2.0 1.9.0", "1.1.9 2.0.0 2.0.0-rc.1 1.3.0-rc.1"),
    ("^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0"),
    ("^0.2.3", "0.2.3 0.2.9", "0.3.0 0.2.2 1.0.0"),
    ("^0.0.3", "0.0.3", "0.0.4 0.0.2"),
    ("^0.0", "0.0.0 0.0.9", "0.1.0"),
    ("^0", "0.0.0 0.9.9", "1.0.0"),
    ("^1.2.0-rc.1", "1.2.0-rc.1 1.2.0-rc.2 1.2.0 1.3.0", "1.2.0-alpha 1.3.0-rc.1 2.0.0-rc.1"),
    ("~1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2"),
    ("~1.2", "1.2.0 1.2.9", "1.3.0"),
    ("~1", "1.0.0 1.9.9", "2.0.0"),
    ("~1.2.3-rc.1", "1.2.3-rc.1 1.2.3", "1.2.4-rc.1 1.3.0"),
    (">1.2", "1.3.0 2.0.0", "1.2.0 1.2.9 1.3.0-rc.1"),
    (">=1.2", "1.2.0 3.0.0", "1.1.9 1.2.0-rc.1"),
    ("<2", "0.0.0 1.9.9", "2.0.0 2.0.0-rc.1"),
    ("<=1.2", "1.2.9 0.1.0", "1.3.0"),
    ("<2.0.0-rc.2", "2.0.0-rc.1 1.0.0", "2.0.0-rc.2 1.0.0-rc.1 2.0.0"),
    (">=1.2 <2", "1.2.0 1.9.9", "2.0.0 1.1.9"),
    (">= 1.2, < 2", "1.2.0 1.9.9", "2.0.0 1.1.9"),
    ("1.2.3 || ^3", "1.2.3 3.0.0 3.9.9", "1.2.4 2.0.0 4.0.0"),
    ("^9007199254740991", f"{MAX_NUMBER}.0.0", "1.0.0"),
]


@pytest.mark.parametrize(("text", "inside", "outside"), RANGES)
def test_ranges_mean_what_they_mean_to_npm(text: str, inside: str, outside: str) -> None:
    """The members of each form of range, as the semver library of npm answers (checked against it)."""
    wanted = VersionRange(text)
    assert [v for v in inside.split() if Version(v) not in wanted] == []
    assert [v for v in outside.split() if Version(v) in wanted] == []
    assert str(wanted) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "||", "1 ||", "latest", "1.2.3.4", "01.0.0", "1.x.3", "x.1", "1.x-rc", "<*", ">x", "^^1"),
        *("1 - 2", "^", "1.2.3+b", "1.2.3-01", "9007199254740992", "é", "1..2", "-1", "=>1", "!1"),
        *("1" * 501, "1.0.0-" + "a" * 95),
    ],
)
def test_what_is_no_range_is_a_usage_error(text: str) -> None:
    """A text that npm does not read, and a hyphen range, is refused."""
    with pytest.raises(UsageError):
        VersionRange(text)


_bounds = st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4))
_small = st.builds(
    lambda release, pre: Version(".".join(map(str, release)) + pre),
    _bounds,
    st.sampled_from(["", "", "-0", "-rc.1", "-rc.2"]),
)


@given(_bounds, _small)
def test_a_caret_keeps_the_leftmost_number_that_is_not_zero(
    bound: tuple[int, int, int], version: Version
) -> None:
    """A release is inside exactly if it is not lower and agrees up to the first number that is not zero."""
    text = ".".join(map(str, bound))
    fixed = next((n + 1 for n in range(3) if bound[n]), 3)
    same = version.release[:fixed] == bound[:fixed]
    expected = same and version.release >= bound and not version.is_prerelease
    assert (version in VersionRange(f"^{text}")) == expected


@given(_bounds, _small)
def test_a_tilde_keeps_major_and_minor(bound: tuple[int, int, int], version: Version) -> None:
    """A release is inside exactly if it is not lower and has the same first two numbers."""
    text = ".".join(map(str, bound))
    expected = version.release[:2] == bound[:2] and version.release >= bound and not version.is_prerelease
    assert (version in VersionRange(f"~{text}")) == expected


_range_texts = st.sampled_from([text for text, *_ in RANGES])


@given(_range_texts, _range_texts, _small)
def test_alternatives_are_a_union(one: str, other: str, version: Version) -> None:
    """`a || b` holds what a or b holds."""
    either = version in VersionRange(one) or version in VersionRange(other)
    assert (version in VersionRange(f"{one} || {other}")) == either


@given(_small)
def test_an_exact_range_holds_one_version(version: Version) -> None:
    """A version as a range holds itself, pre-release or not."""
    assert version in VersionRange(version.text)
    assert version in VersionRange(f">={version} <={version}")


@given(st.text(st.sampled_from("0123xX*.^~<>=|, v-rc\n"), max_size=20) | st.text(max_size=20))
def test_any_text_is_a_range_or_a_usage_error(text: str) -> None:
    """No text makes a range fail otherwise than by a usage error, and each answers for any version."""
    try:
        wanted = VersionRange(text)
    except UsageError:
        return
    for version in ("1.2.3", "0.0.0-rc.1"):
        assert (Version(version) in wanted) in (True, False)


@pytest.mark.parametrize("name", ["a", "0", "aws-guard", "a.b_c-d", "a" * 100, "latest", "a..b", "console"])
def test_names_of_packs(name: str) -> None:
    """Plain lower-case segments are names as they are."""
    assert name_problem(name) == ""
    assert pack_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "-a", ".a", "_a", "a.", "a b", "a/b", "a\\b", "a@b", "a:b", "..", "a\n", "é", "a" * 101),
        *("con", "nul.x", "com1", "LPT9", "K\u212a", "İ"),
    ],
)
def test_what_cannot_name_a_pack(name: str) -> None:
    """What is no plain segment on some system, or not ASCII, is refused."""
    with pytest.raises(UsageError):
        pack_name(name)


def test_names_are_folded_to_lower_case() -> None:
    """Two names that differ only in case are one."""
    assert pack_name("AWS-Guard") == "aws-guard"
