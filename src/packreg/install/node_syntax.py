"""Finds syntax errors in JavaScript and TypeScript with Node.js, all files in one process; nothing is run.

A file whose name does not say whether it is a script or a module may be either. TypeScript is checked from
Node.js 22.13 on, which can strip types; TypeScript syntax that Node.js does not support is no error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from packreg.errors import InstallError
from packreg.install.tools import Tools
from packreg.pack.files import File
from packreg.text import one_line

#: Bytes of one file, and of all files together; larger files and those beyond the sum are not checked.
MAX_FILE, MAX_BYTES = 2**20, 8 * 2**20
_SCRIPT = (".js", ".cjs")
_MODULE = (".js", ".mjs")
_TYPED = (".ts", ".mts", ".cts")
_DECLARATIONS = (".d.ts", ".d.mts", ".d.cts")
_PROGRAM = r"""
const vm = require("vm"), modules = require("module"), { readFileSync } = require("fs");
const { spawnSync } = require("child_process");
const attempts = {
  script: (text) => vm.compileFunction(text, ["exports", "require", "module", "__filename", "__dirname"],
    { filename: "packreg-source" }),
  module: (text) => new vm.SourceTextModule(text, { identifier: "packreg-source" }),
  typed: (text) => modules.stripTypeScriptTypes(text, { mode: "transform", sourceUrl: "packreg-source" }),
};
// only `node --check` says where a module is wrong
const modulePlace = (input) => spawnSync(process.execPath, ["--check", "--input-type=module", "-"],
  { input, encoding: "utf8", timeout: 10000 }).stderr || "";
const faults = [];
for (const [path, kinds, source] of JSON.parse(readFileSync(0, "utf8"))) {
  const text = source.replace(/^#!.*/, "");
  const found = [];
  for (const kind of kinds) {
    if (kind === "typed" && !modules.stripTypeScriptTypes) continue;
    try { attempts[kind](text); found.length = 0; break; } catch (error) {
      if (kind === "typed" && error.code !== "ERR_INVALID_TYPESCRIPT_SYNTAX") break;
      const told = kind === "module" ? modulePlace(text) : error.stack;
      const drawn = /(\d+) \|[^\n]*\n\s*:\s*\^/;  // the lines of TypeScript that some versions quote
      const at = /^(?:packreg-source|\[stdin\]):(\d+)$/m.exec(told) || drawn.exec(error.message) || [];
      const message = String(error.message).trim().split("\n")[0].replace(/^x /, "");
      found.push({ path, message, line: Number(at[1] || 0) });
    }
  }
  // a script with `import` in it is meant as a module
  const module = /import statement|Unexpected token 'export'|import\.meta/;
  const meant = found.find((fault) => !module.test(fault.message));
  if (found.length) faults.push(meant || found[0]);
}
process.stdout.write(JSON.stringify(faults));
"""


def syntax_faults(files: Mapping[str, File], tools: Tools) -> list[tuple[str, int, str]]:
    """The syntax errors as (path, line, message); line 0 where Node.js does not say.

    Empty if there is no Node.js.

    Raises:
        InstallError: Node.js fails, which is no fault of the files.
    """
    wanted: list[tuple[str, list[str], str]] = []
    left = MAX_BYTES
    for path, file in files.items():
        if path.endswith(_DECLARATIONS) or not path.endswith((*_SCRIPT, *_MODULE, *_TYPED)):
            continue
        left -= len(file.data)
        if len(file.data) <= MAX_FILE and left >= 0:
            kinds = ["script"] * path.endswith(_SCRIPT) + ["module"] * path.endswith(_MODULE)
            kinds += ["typed"] * path.endswith(_TYPED)
            wanted.append((path, kinds, file.data.decode("utf-8", "replace")))
    node = tools.which("node") if wanted else None
    if node is None:
        return []
    command = [node, "--no-warnings", "--experimental-vm-modules", "-e", _PROGRAM]
    output = tools.run(command, "compile the pack's files", stdin=json.dumps(wanted).encode())
    try:
        found: list[Any] = json.loads(output)
        return [(str(each["path"]), int(each["line"]), one_line(each["message"], 300)) for each in found]
    except (ValueError, KeyError, TypeError) as error:
        raise InstallError(f"{node} did not say what does not compile: {error!r}") from error
