"""`files` and `.npmignore` mean what npm takes them to mean, and npm is asked."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from packreg.pack.npm_files import NpmFiles
from packreg.pack.problems import Problems
from packreg.pack.select import select_files

_TREE = (
    "index.js", "x.js", "a/y.js", "a/b/z.js", "dist/d.js", "dist/sub/e.js", "dist/d.map", "src/s.ts",
    "lib/l.js", "a/dist/q.js", "README.md", "a/README.md", "LICENSE.txt", "licence", "readme~", "CHANGES.md",
    ".hidden", "a/.hidden", "t.orig", "a/CVS/Root", "._x", "node_modules/x/i.js", "docs/guide.md",
)  # fmt: skip
_NAMED = ["t.orig", ".npmrc", ".hidden", "package-lock.json", "dist/d.map"]
_CASES: dict[str, tuple[list[str] | None, dict[str, str]]] = {
    "nothing": (None, {}),
    "npmignore": (None, {".npmignore": "src\n*.map\n", ".gitignore": "lib\n"}),
    "gitignore": (None, {".gitignore": "lib\n/x.js\n"}),
    "nested-npmignore": (None, {"dist/.npmignore": "*.map\n", "dist/.gitignore": "*.js\n"}),
    "extension": (["*.js"], {}),
    "directory": (["dist"], {"dist/.npmignore": "*.map\n"}),
    "slash-behind": (["dist/"], {}),
    "slash-before": (["/dist"], {}),
    "dot-before": (["./dist"], {}),
    "star-below": (["dist/*"], {}),
    "extension-below": (["dist/*.js"], {}),
    "stars-below": (["dist/**"], {}),
    "everywhere": (["**/*.js"], {}),
    "everything": (["**/*"], {}),
    "star": (["*"], {".gitignore": "lib\n"}),
    "without-directory": (["a", "!a/b"], {}),
    "without-directory-slash": (["a", "!a/b/"], {}),
    "without-extension": (["a", "!**/*.js"], {}),
    "beats-root-ignore": (["lib"], {".npmignore": "lib\n"}),
    "named": (_NAMED, {"dist/.npmignore": "*.map\n"}),
    "other-case": (["DIST"], {}),
    "below-everywhere": (["a/**/*.js"], {}),
    "braces": (["dist/*.{js,map}"], {}),
    "outside": (["../x"], {}),
    "none": ([], {}),
    "deep": (["a/dist"], {}),
    "not-in-root": (["y.js"], {}),
    "main-in-ignored-directory": (None, {".gitignore": "lib/\n"}),
}


def _plant(directory: Path, case: str, main: str) -> None:
    files, extra = _CASES[case]
    package = {"name": "a", "version": "1.0.0", "main": main} | ({} if files is None else {"files": files})
    texts = dict.fromkeys(_TREE, "") | extra | {"package.json": json.dumps(package)}
    for path, text in texts.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)


def _ours(directory: Path, case: str, main: str) -> set[str]:
    problems = Problems()
    found = set(select_files(directory, problems, npm=NpmFiles(_CASES[case][0], main)).files)
    assert not problems.errors
    return found


@pytest.mark.skipif(shutil.which("npm") is None, reason="no npm")
@pytest.mark.parametrize("case", _CASES)
def test_the_selection_is_npms(tmp_path: Path, case: str) -> None:
    """For every kind of `files` and ignore file, exactly the files are taken that `npm pack` takes."""
    main = "lib/l.js" if case.startswith("main") else "x.js"
    _plant(tmp_path, case, main)
    output = subprocess.run(
        ["npm", "pack", "--dry-run", "--json", "--ignore-scripts", "--offline"],
        cwd=tmp_path, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    answer = json.loads(output)
    (packed,) = answer.values() if isinstance(answer, dict) else answer
    assert _ours(tmp_path, case, main) == {file["path"] for file in packed["files"]}


@pytest.mark.parametrize("files", [None, [], ["index.js"], ["*"]])
def test_lock_files_and_the_manifest_always_stay_in(tmp_path: Path, files: list[str] | None) -> None:
    """npm drops lock files, so that every install resolves anew; packreg keeps them, and the manifest."""
    always = {"package-lock.json", "yarn.lock", "pnpm-lock.yaml", "npm-shrinkwrap.json", "PulumiPolicy.yaml"}
    for name in always:
        (tmp_path / name).write_text("")
    (tmp_path / ".gitignore").write_text("*lock*\nPulumi*\n")
    (tmp_path / ".npmignore").write_text("*lock*\nPulumi*\n")
    assert always <= set(select_files(tmp_path, Problems(), npm=NpmFiles(files, None)).files)


@pytest.mark.parametrize("main", ["lib/l.js", "./lib/l.js", "lib//l.js"])
def test_main_stays_in_however_it_is_written(tmp_path: Path, main: str) -> None:
    """The entry point is taken although `files` does not name it; its neighbours are not."""
    _plant(tmp_path, "directory", main)
    found = _ours(tmp_path, "directory", main)
    assert "lib/l.js" in found
    assert "x.js" not in found


def test_files_never_names_a_secret(tmp_path: Path) -> None:
    """What is left out of every pack stays out although `files` names it, as many packs do with .npmrc."""
    for name in (".npmrc", ".env", "key.pem", "index.js"):
        (tmp_path / name).write_text("")
    selection = select_files(
        tmp_path, Problems(), npm=NpmFiles([".npmrc", ".env", "*.pem", "index.js"], None)
    )
    assert set(selection.files) == {"index.js"}
    assert {left.path for left in selection.left_out} == {".npmrc", ".env", "key.pem"}


def test_a_bomb_of_braces_is_bounded() -> None:
    """Braces that stand for 2**40 patterns are not all written out."""
    assert NpmFiles(["{a,b}" * 40], None).left_out("x")
