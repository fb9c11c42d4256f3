"""Check whether a Node.js pack can be loaded, from its source, dependencies and lock; nothing runs.

The files that surely run are those that the entry point imports every time it runs, and what they import. A
relative import in one of them must name a file of the pack; an imported package must be installed by npm.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from posixpath import dirname, normpath

from packreg.pack.entry import node_entry
from packreg.pack.files import Files
from packreg.pack.javascript_source import JavascriptFile, ModuleImport, read_javascript
from packreg.pack.manifest import Manifest
from packreg.pack.named_files import warn_of_named_files
from packreg.pack.npm_packages import NpmLock, out_of_step, read_npm_lock
from packreg.pack.package_json import PackageJson
from packreg.pack.paths import shown
from packreg.pack.problems import Problems
from packreg.pack.source_packs import SourcePack, check_one_pack
from packreg.pack.text import short
from packreg.pack.tsconfig import check_tsconfig, maps_modules

POLICY_SDK, ENGINE_SDK = "@pulumi/policy", "@pulumi/pulumi"
#: Bytes of source that are read.
MAX_SOURCE = 2**20
#: The modules that are part of Node.js (`module.builtinModules`).
_BUILT_IN = frozenset((
    "assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto",
    "dgram", "diagnostics_channel", "dns", "domain", "events", "fs", "http", "http2", "https",
    "inspector", "module", "net", "os", "path", "perf_hooks", "process", "punycode", "querystring",
    "readline", "repl", "stream", "string_decoder", "sys", "timers", "tls", "trace_events", "tty",
    "url", "util", "v8", "vm", "wasi", "worker_threads", "zlib", "test", "sea", "sqlite",
))  # fmt: skip
_ENDINGS = (".js", ".ts", ".tsx", ".jsx", ".json", ".cjs", ".mjs", ".cts", ".mts", ".node", ".d.ts", ".d.mts")
_SOURCE = re.compile(r".*\.[cm]?[jt]sx?")
#: Packages that are known not to depend on the policy SDK.
_PLAIN = re.compile(
    r"@types/.*|typescript|ts-node|eslint.*|prettier|mocha|jest|@pulumi/"
    r"(pulumi|aws|awsx|azure|azure-native|gcp|kubernetes|random|docker|cloud|eks)"
)


def check_nodejs(
    files: Files,
    manifest: Manifest,
    package_json: PackageJson,
    left_out: Callable[[str], str],
    problems: Problems,
) -> None:
    """Add everything that prevents a Node.js pack from being loaded, or may, to `problems`.

    `left_out` says why a file that lies on disk is not in the pack ("" for any other path).
    """
    lock = read_npm_lock(files)
    if lock is not None:
        out_of_step(lock, package_json, problems)
    program = NodeProgram(files, package_json, left_out)
    program.run()
    problems.errors.extend(program.problems.errors)
    check_tsconfig(files, manifest, left_out, problems)
    packs = [
        SourcePack(call.name, path, call.line) for path, file in program.surely.items() for call in file.packs
    ]
    check_one_pack(packs, problems)
    warn_of_named_files(files, sorted(program.surely), left_out, problems)
    names = _installed(package_json, manifest)
    _check_packages(program, names, lock, files, package_json, problems)
    _check_sdk(names, lock, problems)


class NodeProgram:
    """The files that surely run, found from the entry point on: `surely` maps their paths to what they do.

    `packages` are the imports of packages, as (path, import); `problems` collects what is wrong.
    """

    def __init__(
        self, files: Files, package_json: PackageJson | None, left_out: Callable[[str], str]
    ) -> None:
        self.files, self.left_out = files, left_out
        self.surely: dict[str, JavascriptFile] = {}
        self.packages: list[tuple[str, ModuleImport]] = []
        self.problems = Problems()
        self._entry = node_entry(files, package_json.main if package_json else None)
        self._left = MAX_SOURCE

    def run(self) -> None:
        """Follow the imports from the entry point."""
        waiting = [self._entry] if self._entry else []
        while waiting:
            path = waiting.pop(0)
            self._left -= len(self.files[path].data)
            if path in self.surely or self._left < 0 or not _SOURCE.fullmatch(path):
                continue
            self.surely[path] = read_javascript(self.files[path].data)
            for found in self.surely[path].imports:
                if found.module.startswith("."):
                    target = self._relative(path, found)
                    waiting += [target] if target else []
                elif found.module.startswith(("/", "file:")):
                    self._leaves(path, found)
                else:
                    self.packages.append((path, found))

    def _relative(self, path: str, found: ModuleImport) -> str:
        """The file that a relative import means; "" if it names none, which is reported, or a directory."""
        target = normpath(f"{dirname(path)}/{found.module}" if dirname(path) else found.module)
        if target.startswith(".."):
            self._leaves(path, found)
            return ""
        target = "" if target == "." else target
        candidates = _candidates(target)
        for candidate in candidates:
            if candidate in self.files:
                return candidate
        own = f"{target}/package.json" if target else "package.json"
        if own in self.files or self.left_out(own):
            return ""  # its `main` says which file
        where = f"{shown(path)}:{found.line}"
        for candidate in candidates:
            if reason := self.left_out(candidate):
                message = f"{shown(candidate)}, which is imported here, is left out of the pack: {reason}"
                hint = "change that rule"
                if "gitignore" in reason:
                    hint = "change that rule, or name the directory in `files` of package.json"
                self.problems.error("import-missing", message, where, hint)
                return ""
        message = f"there is no file for the import {short(found.module)}"
        self.problems.error("import-missing", message, where, "add the file, or correct the import")
        return ""

    def _leaves(self, path: str, found: ModuleImport) -> None:
        message = f"the import {short(found.module)} leaves the pack, and is missing wherever it is installed"
        hint = "put the file into the pack, or publish it to a registry as a package"
        self.problems.error("import-outside", message, f"{shown(path)}:{found.line}", hint)


def _candidates(target: str) -> list[str]:
    """The files that an import of `target` may mean, for Node.js and for TypeScript."""
    exact = [target] if target else []
    stem, ending = (target[:-3], target[-3:]) if target.endswith((".js",)) else ("", "")
    stem, ending = (target[:-4], target[-4:]) if target.endswith((".mjs", ".cjs", ".jsx")) else (stem, ending)
    written = []
    if ending:
        written = [stem + ending.replace("j", "t", 1), stem + ".d" + ending.replace("j", "t", 1)]
        written += [f"{stem}.tsx"] if ending == ".js" else []
    index = f"{target}/index" if target else "index"
    return [
        *exact,
        *written,
        *(target + end for end in _ENDINGS if target),
        *(index + end for end in _ENDINGS),
    ]


def _installed(package_json: PackageJson, manifest: Manifest) -> frozenset[str]:
    """The packages that npm installs for this package.json."""
    groups = dict(package_json.dependencies)
    if manifest.options.get("production") is True:
        groups.pop("devDependencies", None)
    return frozenset(name for group in groups.values() for name in group)


def _check_packages(
    program: NodeProgram,
    names: frozenset[str],
    lock: NpmLock | None,
    files: Files,
    package_json: PackageJson,
    problems: Problems,
) -> None:
    """Report the packages that are imported but not installed, each once."""
    if maps_modules(files):
        return
    declared = any(b"declare module" in file.data for path, file in files.items() if path.endswith(".ts"))
    said = {package_json.name, *names, *_BUILT_IN}
    for path, found in program.packages:
        package = "/".join(found.module.split("/")[: 1 + found.module.startswith("@")])
        typed = path.endswith(("ts", "tsx"))
        if package in said or ":" in package or package.startswith("#") or (typed and declared):
            continue
        types = f"@types/{package.lstrip('@').replace('/', '__')}"
        if typed and types in names:
            continue
        if package == ENGINE_SDK and POLICY_SDK in names:
            continue
        said.add(package)
        where, hint = f"{shown(path)}:{found.line}", f"run `npm install {package}`"
        if (lock is not None and package in lock.versions) or found.type_only:
            continue
        if (lock is not None and not typed) or not names:
            problems.error(
                "import-unknown", f"no dependency brings the package {short(package)}", where, hint
            )
        else:
            message = f"no dependency is known to bring the package {short(package)}"
            problems.warn("import-unknown", message, where, hint)


def _check_sdk(names: frozenset[str], lock: NpmLock | None, problems: Problems) -> None:
    """The SDK must be installed: Pulumi starts the pack with it."""
    if POLICY_SDK in names or (lock is not None and POLICY_SDK in lock.versions):
        return
    message = f"the pack does not depend on {POLICY_SDK}, with which Pulumi runs it"
    hint = f"run `npm install {POLICY_SDK}`"
    if lock is not None or all(_PLAIN.fullmatch(name) for name in names):
        problems.error("sdk-missing", message, "package.json", hint)
    else:
        problems.warn("sdk-missing", f"{message}, unless another dependency brings it", "package.json", hint)
