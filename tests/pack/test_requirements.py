"""requirements.txt: every class of a bad one, and what is left of a good one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from packreg.pack.files import File
from packreg.pack.problems import Problems
from packreg.pack.requirements import MAX_BYTES, MAX_INCLUDES, MAX_LINES, Requirements, parse_requirements
from tests.pack.case_files import expected, files_of, names_on_disk, outcomes


def _parse(text: str, **others: str) -> tuple[Requirements | None, Problems]:
    problems = Problems()
    files = {f"{name}.txt": File(content.encode()) for name, content in others.items()}
    files["requirements.txt"] = File(text.encode("utf-8", "surrogatepass"))
    return parse_requirements(files, "requirements.txt", problems), problems


@pytest.mark.parametrize(("name", "said"), expected("requirements"))
def test_each_case_is_told_as_expected(name: str, said: str) -> None:
    """Every case is accepted, warned about or refused with the code and the place in expected.txt."""
    problems = Problems()
    files = files_of("requirements", name)
    main = "requirements.txt" if "requirements.txt" in files else name
    parsed = parse_requirements(files, main, problems)
    assert outcomes(problems, main) == said
    assert (parsed is None) == ("refuse" in said)


def test_each_case_file_is_expected() -> None:
    """No case lies there without an expectation."""
    assert names_on_disk("requirements") == {name for name, _ in expected("requirements")}


@pytest.mark.parametrize("name", [name for name, said in expected("requirements") if "refuse" in said])
def test_each_refusal_can_be_printed(name: str) -> None:
    """The sentence of every problem is printable and short, whatever was in the line."""
    problems = Problems()
    files = files_of("requirements", name)
    parse_requirements(files, "requirements.txt" if "requirements.txt" in files else name, problems)
    for problem in problems.errors:
        assert problem.message.isprintable()
        assert len(problem.message) < 300


def test_lines_are_normalised() -> None:
    """Names, spaces, comments and continuations come out in one form, in the order of the file, each once."""
    text = """
# comment
Pulumi_Policy >= 1 , <2   # why
requests [ socks ,security ] ; python_version<'3.12'
six==1.16.0 \\
    --hash=sha256:%s \\
    --hash sha512:%s
pulumi.policy<2,>=1
"""
    parsed, _ = _parse(text % ("a" * 64, "b" * 128))
    assert parsed == Requirements(
        (
            "pulumi-policy<2,>=1",
            'requests[security,socks]; python_version < "3.12"',
            f"six==1.16.0 --hash=sha256:{'a' * 64} --hash=sha512:{'b' * 128}",
        )
    )


def test_included_files_are_read_in_place_and_constraints_apart() -> None:
    """-r puts the lines of the file where it stands; -c, and all below it, only bounds versions."""
    parsed, problems = _parse(
        "a\n-r one.txt\n-c two.txt\nb\n",
        one="c\n--requirement three.txt\n",
        two="d<2\n-r three.txt\n",
        three="e\n",
    )
    assert problems.errors == []
    assert parsed == Requirements(("a", "c", "e", "b"), ("d<2", "e"))


def test_a_file_included_twice_is_read_once() -> None:
    """Two ways to one file are no cycle, and double nothing."""
    parsed, problems = _parse("-r a.txt\n-r b.txt\n", a="-r c.txt\n", b="-r c.txt\n", c="x\n")
    assert (parsed, problems.errors, problems.warnings) == (Requirements(("x",)), [], [])


def test_includes_are_bounded_in_depth() -> None:
    """A chain of includes longer than the limit is refused, one of that length is read."""
    chain = {f"f{n}": f"-r f{n + 1}.txt\n" for n in range(MAX_INCLUDES)}
    assert _parse("-r f1.txt\n", **chain, **{f"f{MAX_INCLUDES}": "x\n"})[1].errors == []
    longer = {**chain, f"f{MAX_INCLUDES}": f"-r f{MAX_INCLUDES + 1}.txt\n", f"f{MAX_INCLUDES + 1}": "x\n"}
    (problem,) = _parse("-r f1.txt\n", **longer)[1].errors
    assert (problem.code, problem.where) == ("requirement-include", f"f{MAX_INCLUDES}.txt:1:1")


def test_lines_and_bytes_are_bounded_over_all_files() -> None:
    """The limits hold for the file and those that it includes together."""
    many = "".join(f"p{n}\n" for n in range(MAX_LINES))
    assert _parse(many)[1].errors == []
    assert [problem.code for problem in _parse(many + "-r a.txt\n", a="x\n")[1].errors] == ["too-large"]
    half = "#" * (MAX_BYTES // 2)
    assert _parse("-r a.txt\n" + half[:-9], a=half)[1].errors == []
    assert [problem.code for problem in _parse("-r a.txt\n" + half, a=half)[1].errors] == ["too-large"]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("--index-url https://x", "whoever installs chooses indexes"),
        ("-f x", "whoever installs chooses indexes"),
        ("-e .", "put the code into the pack"), ("./x", "put the code into the pack"),
        ("x @ https://y", "name it with a version"), ("--no-binary x", "the lock that is made at publish"),
        ("x==${Y}", "write the value itself"), ("-r ../x", "copy the file into the pack"),
    ],
)  # fmt: skip
def test_each_refusal_says_what_to_do_instead(line: str, word: str) -> None:
    """The hint names the way that a pack has in place of what is refused."""
    (problem,) = _parse(line)[1].errors
    assert word in problem.hint


_pieces = st.sampled_from(
    [
        *"ab1.-_[](),;@<>=!~#\\/ \t\n\r'\"&$%é\0\x85",
        *(
            "pulumi",
            ">=1",
            "==2.*",
            "--hash=sha256:",
            "a" * 64,
            "-r ",
            "-c ",
            "requirements.txt",
            "other.txt",
        ),
        *(
            "; python_version < '3'",
            " # c",
            "\\\n",
            "${A}",
            "--pre",
            "https://",
            "git+ssh://",
            "../",
            "# coding: ",
        ),
    ]
)
_texts = st.lists(_pieces, max_size=20).map("".join)


@given(_texts | st.text(max_size=60), _texts)
def test_any_text_gives_requirements_from_an_index_or_a_problem(text: str, other: str) -> None:
    """No text makes the reader fail, and each line that comes out is one plain requirement of an index."""
    parsed, problems = _parse(text, other=other)
    assert (parsed is None) == bool(problems.errors)
    for line in (*parsed.lines, *parsed.constraints) if parsed else ():
        body, *hashes = line.split(" --hash=")
        assert Requirement(body).url is None
        assert body.isprintable()
        assert all(digest.startswith("sha256:") for digest in hashes)
        assert _parse(line)[0] == Requirements((line,))


@given(st.binary(max_size=200))
def test_any_bytes_give_requirements_or_a_problem(data: bytes) -> None:
    """No bytes make the reader fail otherwise than by a problem."""
    problems = Problems()
    parsed = parse_requirements({"r": File(data)}, "r", problems)
    assert (parsed is None) == bool(problems.errors)


@pytest.mark.parametrize(
    ("line", "said", "hint"),
    [
        ("lib @ https://x.example/lib-1.0.tar.gz", "comes from a URL", "name it with a version"),
        ("https://x.example/lib-1.0.zip", "comes from a URL", "name it with a version"),
        ("lib @ git+https://x.example/lib", "comes from a git repository", "name it with a version"),
        ("lib @ file:///lib", "is a local path", "name it with a version"),
        ("lib-1.0.tar.gz", "is a local path", "put the code into the pack"),
        ("lib=1.0", "is not a requirement", "write lib==1.0"),
        ("lib == 1.0 extra", "is not a requirement", ""),
    ],
)
def test_a_requirement_is_called_what_it_is(line: str, said: str, hint: str) -> None:
    """What comes from no index, or cannot be read, is refused, and its author reads why."""
    [problem] = _parse(f"{line}\n")[1].errors
    assert said in problem.message
    assert problem.hint.startswith(hint) and bool(problem.hint) == bool(hint)
