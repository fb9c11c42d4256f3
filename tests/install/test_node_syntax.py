"""JavaScript and TypeScript compiled by the real Node.js, and never run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from packreg.install.node_syntax import MAX_FILE, syntax_faults
from packreg.install.tools import Tools
from packreg.pack.files import File
from tests.install.shop import kept_home, tools_in

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js here")


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    """The tools of this machine in a home of their own."""
    return tools_in(kept_home(tmp_path / "home"))


def _faults(tools: Tools, **texts: str) -> dict[str, int]:
    files = {path.replace("__", "."): File(text.encode()) for path, text in texts.items()}
    return {path: line for path, line, _ in syntax_faults(files, tools)}


def test_what_compiles_in_either_way_is_no_fault(tools: Tools) -> None:
    """Scripts, modules, scripts with a first line for a shell, and what has the name of neither."""
    found = _faults(
        tools,
        a__js="#!/usr/bin/env node\nconst x = require('y'); return;\n",
        b__js="import x from 'y'; export default await x;\n",
        c__mjs="export const x = import.meta.url;\n",
        d__cjs="with (a) { b = 1; }\n",
        e__json="not looked at",
        f__d__ts="not looked at",
    )
    assert found == {}


def test_every_fault_has_its_line_and_nothing_runs(tools: Tools, tmp_path: Path) -> None:
    """All files are told at once; a module is told as one; no statement was executed."""
    trace = tmp_path / "ran"
    files = {
        "a.js": f"require('fs').writeFileSync({str(trace)!r}, '');\nconst a = ;\n",
        "b.js": "import x from 'y';\n\nexport const = 1;\n",
        "c.mjs": "import x from 'y';\n{\n",
        "d.cjs": "import x from 'y';\n",
    }
    faults = syntax_faults({path: File(text.encode()) for path, text in files.items()}, tools)
    assert [(path, line) for path, line, _ in faults] == [
        ("a.js", 2),
        ("b.js", 3),
        ("c.mjs", 3),
        ("d.cjs", 1),
    ]
    assert all(message for *_, message in faults)
    assert not trace.exists()


def test_typescript_is_compiled_where_node_can(tools: Tools) -> None:
    """From Node.js 22.13 on; before, and for what it does not support, nothing is said."""
    can = (
        b"function"
        in subprocess.run(
            ["node", "-p", "typeof require('module').stripTypeScriptTypes"], capture_output=True, check=True
        ).stdout
    )
    found = _faults(
        tools,
        a__ts="enum A { B }\nnamespace C { export const d: number = 1 }\nconst e = <any>A;\n",
        b__ts="const a: number = ;\n",
        c__ts="import a = require('b');\nexport = a;\n",
    )
    assert found == ({"b.ts": 1} if can else {})


def test_without_files_or_node_nothing_is_asked(tmp_path: Path, tools: Tools) -> None:
    """A pack without JavaScript starts no program; a large file is passed over."""
    without = Tools(kept_home(tmp_path / "other"), {"PATH": "/nowhere"})
    assert syntax_faults({"a.js": File(b"const a = ;")}, without) == []
    assert syntax_faults({"a.js": File(b"const a = ;" + b" " * MAX_FILE)}, tools) == []
