"""Inputs up to the size limits that make careless readers take minutes, gigabytes or the stack.

`python -m tests.pack.adversarial` reads them all, under limits on CPU time and memory that only a trap can
reach, and prints how many it read. `test_adversarial` runs it.
"""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator

from packreg.pack.files import File
from packreg.pack.manifest import parse_manifest
from packreg.pack.package_json import parse_package_json
from packreg.pack.problems import Problems
from packreg.pack.pyproject import parse_pyproject
from packreg.pack.requirements import parse_requirements
from packreg.pack.source_name import literal_names

K = 1024
#: Seconds of CPU for everything together; without a trap it is a few.
CPU_LIMIT = 120
#: Bytes of address space: the interpreter with its libraries takes some 100 MB of it.
MEMORY_LIMIT = 400 * K * K


def _filled(head: str, repeated: str, tail: str, size: int) -> bytes:
    return (head + repeated * ((size - len(head) - len(tail)) // len(repeated.encode())) + tail).encode()


def manifests() -> Iterator[bytes]:
    """YAML of 64 KiB."""
    patterns = [
        ("", "[", ""), ("", "{", ""), ("", "[]", ""), ("", "- ", ""), ("", "[a: ", ""), ("", "? ", ""),
        ("[", "a,", "]"), ("[", "{},", "]"), ("", "- a\n", ""), ("", "- &a\n", ""), ("", "*a ", ""),
        ("a: &a x\n", "b: *a\n", ""), ("{", '"a":1,', "}"), ("", "a: b\n", ""), ("", "a:", ""),
        ("", "#", ""), ("", "\n", ""), ("", " ", ""), ("", "\r", ""), ("a:", "\n", " b"), ("", "a ", ""),
        ("", "a\n", ""), ('"', "a\n", '"'), ('"', "\\a", '"'), ('"', "\\\n", '"'), ('"', "\n", '"'),
        ("'", "''", "'"), ("|\n", " a\n", ""), (">\n", " a\n\n", ""), ("|\n", "\n", ""), ("", "!", ""),
        ("!<", "%41", ">"), ("", "%", ""), ("%YAML 1.", "9", ""), ("", "---\n", ""), ("", "é", ""),
        ('"', "\\u0041", '"'), ("", "<<: a\n", ""), ("a: ", "\t", ""), ("", "a\t", ""),
        ("runtime: ", "9", ""),
    ]  # fmt: skip
    for head, repeated, tail in patterns:
        yield _filled(head, repeated, tail, 64 * K)
    yield "".join(f"key{n}: v\n" for n in range(6_000)).encode()[: 64 * K]
    yield "".join(" " * n + "a:\n" for n in range(300)).encode()[: 64 * K]
    yield b"\x01" * 64 * K
    yield b"\xc3" + b"a" * (64 * K - 1)


def package_jsons() -> Iterator[bytes]:
    """JSON of 256 KiB."""
    head = '{"name":"a","version":"1.0.0",'
    patterns = [
        ("", "[", ""), ("", '{"a":', ""), ('"', '\\"', ""), ('"', "\\", ""), ("", '"', ""), ("[", "0,", "0]"),
        ('{"a":', "9", "}"), ('{"a":1', "e9", "}"), ('{"a":"', "\\ud800", '"}'),
        ("{", '"a":{"b":1},', '"c":1}'),
        (f'{head}"files":[', '"../x",', '"a"]}'), (f'{head}"dependencies":{{"a":"', "1 ", '"}}'),
        (f'{head}"dependencies":{{"a":"', "1||", '"}}'), (f'{head}"dependencies":{{"a":"npm:', "@", '"}}'),
        (f'{head}"scripts":{{"a":"', "\\n", '"}}'), ('{"name":"', "a/", '"}'), ('{"main":"', "/..", '"}'),
    ]  # fmt: skip
    for start, repeated, tail in patterns:
        yield _filled(start, repeated, tail, 256 * K)
    for group in ("dependencies", "overrides"):
        members = ",".join(f'"a{n}":"file:x"' for n in range(9_000))
        yield f'{head}"{group}":{{{members}}}}}'.encode()


def requirements() -> Iterator[bytes]:
    """requirements.txt of 256 KiB."""
    lines = [
        "a; " + "(" * 990, "a " + "--hash=x " * 110, "a" + " " * 997 + "b", "a>" + "1." * 480 + "1",
        "a;" + " or ".join(['os_name=="x"'] * 60), "a[" + ",".join("b" * 300) + "]", "a" + ">" * 990,
        "a==" + "1" * 990, "-r " + "x/" * 490, "a" + "._-" * 330 + "!", "a" + "-" * 990, "a \\", "# \\",
    ]  # fmt: skip
    for line in lines:
        yield _filled("", line + "\n", "", 256 * K)
    for repeated in ("x\\\n", " ", "#", "\n", "\r", "\\\n", "a" + " -", "-", "${A}"):
        yield _filled("", repeated, "", 256 * K)
    yield _filled("x", " ", "y", 256 * K)
    yield "".join(f'p{n}>=1,<2; python_version < "3.12"\n' for n in range(2_000)).encode()


def pyprojects() -> Iterator[bytes]:
    """TOML of 256 KiB."""
    patterns = [
        ("", "a.", "a=1"), ("[", "a.", "a]"), ("", "[", ""), ("a=", "[", ""), ("a=", "{a=", ""),
        ("", '"', ""),
        ("", "'", ""), ('a="""', "\\n", '"""'), ('a="""', '"a', '"""'), ('a="""', "\\\n", '"""'),
        ("", "#", ""),
        ('a="', "\\n", '"'), ("a=[", "1,", "]"), ("a=", "9", ""), ("a=0x", "f", ""), ("a=1.", "9", ""),
        ("", "[[a]]\n", ""), ("", '"\\', ""), ("[project]\ndependencies=[", '"./x",', "]"), ("", "\n", ""),
        ("[project]\nrequires-python='", ">=3,", "'"), ("", "'''", ""), ("", '"""', ""),
    ]  # fmt: skip
    for head, repeated, tail in patterns:
        yield _filled(head, repeated, tail, 256 * K)
    deep = ".".join("abcdefghijklmnopq")
    yield "".join(f"[{deep}.r{n}]\n" for n in range(5_000)).encode()
    yield "".join(f"{deep}.r{n}=1\n" for n in range(5_000)).encode()
    yield ("[tool.uv.sources]\n" + "".join(f'a{n}={{path="x"}}\n' for n in range(14_000))).encode()


def python_sources() -> Iterator[bytes]:
    """Python of 64 KiB."""
    head = "from pulumi_policy import PolicyPack\n"
    patterns = [
        ("", "(", ""), ("", "-", "1"), ("1", "+1", ""), ("a", ".a", ""), ("a", "()", ""), ("a", "[0]", ""),
        ("", "not ", "1"), ("", "lambda:", "1"), ('f"', "{1}", '"'), ("x=[", "1,", "]"), ("", "a=", "1"),
        ("", "1<", "1"), ("", "@a\n", "def f():pass"), ("if 1:pass\n", "elif 1:pass\n", ""),
        ('"', "\\d", '"'),
        ("", "await ", "a"), ("match x:\n case ", "(", ""), ("", "\0", ""), ("x: ", "a|", "a"), ("", "é", ""),
    ]  # fmt: skip
    for start, repeated, tail in patterns:
        yield _filled(head + start, repeated, tail, 64 * K)
    for coding in ("foo", "utf-7", "utf-16", "punycode", "unicode_escape", "zlib", "idna"):
        yield f"# coding: {coding}\n{head}PolicyPack('a')".encode()


def node_sources() -> Iterator[bytes]:
    """JavaScript of 256 KiB, the most that is looked at."""
    repeated = [
        "/", "`", "`${", '"\\', "'", "/*", "*/", "/[", "new ", "new PolicyPack<", "a.", "new a.",
        "PolicyPack as ",
        "/a\n", "`${`", "}", "=/a", "=/[a", " ", "\u2028", "//\n", "=/\\", "'\\\n", "/**", "é", '"\\u{',
    ]  # fmt: skip
    for part in repeated:
        yield _filled("/*PolicyPack*/", part, "", 256 * K)


def _read_manifest(data: bytes) -> None:
    parse_manifest(data, Problems())


def _read_requirements(data: bytes) -> None:
    parse_requirements({"requirements.txt": File(data)}, "requirements.txt", Problems())


READERS: list[tuple[Callable[[], Iterator[bytes]], Callable[[bytes], object]]] = [
    (manifests, _read_manifest),
    (package_jsons, lambda data: parse_package_json(data, Problems())),
    (requirements, _read_requirements),
    (pyprojects, lambda data: parse_pyproject(data, Problems())),
    (python_sources, lambda data: literal_names({"__main__.py": File(data)}, "python")),
    (node_sources, lambda data: literal_names({"index.ts": File(data)}, "nodejs")),
]


def main() -> None:
    """Read every input under the limits."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT, CPU_LIMIT))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    count = 0
    for inputs, read in READERS:
        for data in inputs():
            read(data)
            count += 1
    print(count)


if __name__ == "__main__":
    main()
