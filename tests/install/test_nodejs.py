"""node_modules with the real npm: shared, out of everybody's reach, and enough for the Pulumi SDK."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from packreg.errors import InstallError
from packreg.install.home import Home
from packreg.install.installer import Installed
from packreg.install.lock_dependencies import lock_dependencies
from packreg.install.nodejs import get_tree, relink
from packreg.install.npm_lock import NpmInput, lock_problems
from packreg.install.tools import Tools
from packreg.pack.files import File
from packreg.pack.reference import Reference
from tests.install.shop import Shop, checked, tools_in, tree_digest
from tests.install.test_lock_dependencies import NPM_LOCK, node_pack

pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm here")
IS_NUMBER = {
    "version": "6.0.0",
    # In a lock npm reads this host as "whichever registry is configured".
    "resolved": "https://registry.npmjs.org/is-number/-/is-number-6.0.0.tgz",
    "integrity": "sha512-Wu1VHeILBK8KAWJUAiSZQX94GmOE45Rg6/538fKwiloUu21KncEkYGPqob2oSZ5mUT73vLGrHQjKw3KMPw"
    "fDzg==",
}  # fmt: skip
FIXTURES = Path(__file__).parent.parent.parent / "fixtures"


def fixture(name: str) -> dict[str, File]:
    """The files of a real pack."""
    root = FIXTURES / name
    return {
        path.relative_to(root).as_posix(): File(path.read_bytes())
        for path in root.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def node_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One home for this module, so that every tree is built once."""
    return Home(tmp_path_factory.mktemp("node") / "home")


@pytest.fixture(scope="module")
def node_tools(node_home: Home) -> Tools:
    """This machine's npm."""
    return tools_in(node_home)


@pytest.fixture(scope="module")
def typescript(node_home: Home, node_tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """A real TypeScript pack without a lock of its own: locked, published, installed."""
    shop = Shop(tmp_path_factory.mktemp("shop"))
    files = fixture("nodejs-typescript")
    lock = lock_dependencies(checked(files, "nodejs-typescript"), node_tools)
    assert lock is not None and lock.kind == "npm" and lock.made_by.startswith("npm ")
    assert "nodejs-typescript" not in lock.text and not lock_problems(lock.text.encode(), "lock")
    shop.publish(files, "nodejs-typescript", lock)
    return shop.installer(node_home, node_tools).install(Reference.parse("nodejs-typescript"))


def starts(pack: Path) -> bool:
    """Whether the SDK's own program runs the pack: it prints the port on which the analyzer listens."""
    with socket.socket() as engine:
        engine.bind(("127.0.0.1", 0))
        engine.listen()
        program = "node_modules/@pulumi/pulumi/cmd/run-policy-pack/index.js"
        process = subprocess.Popen(
            ["node", program, f"127.0.0.1:{engine.getsockname()[1]}", "."],
            cwd=pack,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(os.environ) | {"PULUMI_CONFIG": "{}"},
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline().strip()
        finally:
            process.kill()
            _, complaint = process.communicate()
    assert line.isdigit(), complaint
    return True


def test_a_typescript_pack_runs(typescript: Installed) -> None:
    """ts-node inside the SDK compiles and runs the pack through the link."""
    assert typescript.environment == typescript.path / "node_modules"
    assert typescript.environment.is_symlink()
    assert starts(typescript.path)


def test_there_is_one_sdk(typescript: Installed) -> None:
    """The pack, @pulumi/policy and the SDK's runner see the same @pulumi/pulumi."""
    code = (
        "const from = (p) => require.resolve('@pulumi/pulumi', {paths: [p]});"
        "const policy = require.resolve('@pulumi/policy');"
        "const runner = require.resolve('@pulumi/pulumi/cmd/run-policy-pack');"
        "console.log(new Set([from(process.cwd()), from(policy), from(runner)]).size)"
    )
    done = subprocess.run(
        ["node", "-e", code], cwd=typescript.path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "1"


def test_npm_in_a_pack_leaves_the_store_alone(typescript: Installed, node_home: Home, tmp_path: Path) -> None:
    """`npm install` in an installed pack makes a node_modules of the pack's own."""
    copy = tmp_path / "pack"
    shutil.copytree(typescript.path, copy, symlinks=True)
    (copy / "package.json").write_text(json.dumps({"dependencies": {"is-odd": "3.0.1"}}))
    (tree,) = (path for path in node_home.node.iterdir() if "@pulumi" in os.listdir(path / "node_modules"))
    before = tree_digest(tree)
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not (copy / "node_modules").is_symlink() and (copy / "node_modules" / "is-odd").is_dir()
    assert tree_digest(tree) == before


def test_nobody_may_write_to_the_tree(typescript: Installed) -> None:
    """Every directory and file of a tree is read-only, for tools that write through the link."""
    assert typescript.environment is not None
    writable = 0
    for directory, _, names in os.walk(typescript.environment.resolve()):
        writable += bool(os.stat(directory).st_mode & 0o222)
        paths = [os.path.join(directory, name) for name in names]
        writable += sum(bool(os.stat(path).st_mode & 0o222) for path in paths if not os.path.islink(path))
    assert writable == 0


def test_a_second_version_shares_the_tree(node_home: Home, node_tools: Tools, shop: Shop) -> None:
    """Packs with the same lock but another name and version link to one tree; npm runs once."""
    for version in ("1.0.0", "2.0.0"):
        package = {"name": "n", "version": version, "dependencies": {"is-number": "6.0.0"}}
        lock = {
            "name": "n",
            "version": version,
            "lockfileVersion": 3,
            "packages": {"": package, "node_modules/is-number": IS_NUMBER},
        }
        files = node_pack(**{"package.json": json.dumps(package), "package-lock.json": json.dumps(lock)})
        shop.publish(files, "n")
    installer = shop.installer(node_home, node_tools)
    one, two = (installer.install(Reference.parse(f"n@{version}")) for version in ("1.0.0", "2.0.0"))
    assert one.environment is not None and two.environment is not None
    assert one.environment.resolve() == two.environment.resolve()
    code = "console.log(require('is-number')(5))"
    done = subprocess.run(["node", "-e", code], cwd=two.path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "true"


def test_a_wrong_integrity_is_refused(node_home: Home) -> None:
    """npm checks every package against the lock; a failure leaves a log and no tree."""
    impatient = tools_in(node_home, npm_config_fetch_retries="0")
    lock = json.dumps(NPM_LOCK).replace("sha512-C", "sha512-D")
    package = json.dumps({"name": "x", "version": "1.0.0", "dependencies": {"is-odd": "^3.0.0"}})
    before = set(node_home.node.iterdir()) if node_home.node.is_dir() else set()
    with pytest.raises(InstallError) as caught:
        get_tree(NpmInput(package.encode(), lock.encode()), impatient, of="n@1.0.0")
    assert Path(caught.value.log).is_file()
    assert set(node_home.node.iterdir()) == before


def test_a_hostile_lock_never_reaches_npm(tools: Tools) -> None:
    """A lock from a record that names git, files or links is refused before npm is looked for."""
    lock = json.dumps(NPM_LOCK).replace("https://npm.example.org", "file:///etc")
    with pytest.raises(InstallError, match="cannot be used"):
        get_tree(NpmInput(b"{}", lock.encode()), tools, of="n@1.0.0")
    assert not list(tools.home.logs.glob("*npm-install*"))


def test_without_node_the_error_says_what_to_install(shop: Shop, home: Home) -> None:
    """A machine without Node.js is told so, exit code 10, and nothing is installed."""
    shop.publish(node_pack(**{"package-lock.json": json.dumps(NPM_LOCK)}), "n")
    with pytest.raises(InstallError, match="node is not on the PATH") as caught:
        shop.installer(home, Tools(home, {"PATH": ""})).install(Reference.parse("n"))
    assert "Node.js" in caught.value.hint and caught.value.exit_code == 10
    assert not list(home.packs.rglob(".packreg.json"))


def test_a_node_pack_without_dependencies_needs_no_npm(shop: Shop, home: Home) -> None:
    """Nothing to install means no node_modules."""
    package = b'{"name": "n", "version": "1.0.0"}'
    shop.publish(node_pack() | {"package.json": File(package)}, "n")
    done = shop.installer(home, Tools(home, {"PATH": ""})).install(Reference.parse("n"))
    assert done.environment is None and not (done.path / "node_modules").exists()


def test_relinking_touches_only_links_of_its_own(
    typescript: Installed, node_home: Home, tmp_path: Path
) -> None:
    """A node_modules of the user's, directory or link elsewhere, is refused and left."""
    from packreg.install.nodejs import Tree

    assert typescript.environment is not None
    entry = typescript.environment.resolve().parent
    tree = Tree(entry.name, entry)
    place = tmp_path / "node_modules"
    assert relink(tree, place, node_home.node) and not relink(tree, place, node_home.node)
    place.unlink()
    place.symlink_to(tmp_path)
    with pytest.raises(InstallError, match="packreg did not make it"):
        relink(tree, place, node_home.node)
    place.unlink()
    place.mkdir()
    with pytest.raises(InstallError, match="packreg did not make it"):
        relink(tree, place, node_home.node)
    assert not list(place.iterdir())
