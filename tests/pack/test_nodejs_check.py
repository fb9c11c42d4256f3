"""What Node.js packs are asked beyond the cases of test_loadable."""

from __future__ import annotations

import pytest

from packreg.pack.files import File
from packreg.pack.nodejs_check import NodeProgram


def _missing(texts: dict[str, str]) -> list[str]:
    files = {path: File(text.encode()) for path, text in texts.items()}
    program = NodeProgram(files, None, lambda path: "")
    program.run()
    return [problem.message for problem in program.problems.errors]


@pytest.mark.parametrize(
    ("module", "file"),
    [
        ("./a", "a.js"), ("./a", "a.ts"), ("./a", "a/index.ts"), ("./a.js", "a.ts"), ("./a.mjs", "a.mts"),
        ("./a", "a.json"), ("./a", "a.d.ts"), ("./a/", "a/index.js"), ("./x/../a", "a.js"), ("./a", "a.tsx"),
        ("./a.js", "a.d.ts"), ("./a", "a/package.json"), ("./a.node", "a.node"), ("./b.c", "b.c.ts"),
    ],
)  # fmt: skip
def test_the_files_that_an_import_may_mean(module: str, file: str) -> None:
    """As Node.js and TypeScript look for them."""
    texts = {"index.ts": f'import "{module}";\n'}
    assert _missing({**texts, file: ""}) == []
    assert len(_missing(texts)) == 1


def test_a_directory_with_a_package_says_itself_which_file_it_means() -> None:
    """The pack's own directory does so too."""
    texts = {"index.js": 'require("./lib/a")', "lib/a.js": 'require("..")', "package.json": "{}"}
    assert _missing(texts) == []


def test_imports_in_a_circle_end() -> None:
    """Each file is read once."""
    assert _missing({"index.js": 'require("./a")', "a.js": 'require("./index"); require(".")'}) == []
