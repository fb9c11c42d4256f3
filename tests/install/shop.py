"""Registries with releases in them, and what installing needs: small packs, small wheels, an index."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from packreg.install.home import Home
from packreg.install.installer import Installer
from packreg.install.remembered import DiskMemory
from packreg.install.tools import Tools
from packreg.install.trust import Key
from packreg.pack.bundle import encode
from packreg.pack.check import Pack, check_bundle
from packreg.pack.files import File
from packreg.registry.record import Lock, Record, Source
from packreg.registry.registry import Registry
from packreg.store.open import open_store
from packreg.store.url import parse_location

NOW = "2026-01-02T03:04:05Z"
WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
MAIN = b'print("running")\n'


def manifest(version: str = "1.0.0", virtualenv: str | None = "venv", toolchain: str | None = None) -> str:
    """The PulumiPolicy.yaml of a Python pack."""
    options = {"virtualenv": virtualenv, "toolchain": toolchain}
    lines = [f"    {key}: {value}" for key, value in options.items() if value]
    runtime = ["runtime:", "  name: python", *(["  options:", *lines] if lines else [])]
    return "\n".join([*runtime, f"version: {version}", ""])


def files(**contents: str | bytes) -> dict[str, File]:
    """Files of a pack by path, in which `__` stands for a slash and a final `_` and word for an extension."""
    found = {}
    for name, content in contents.items():
        stem, _, extension = name.rpartition("_")
        path = f"{stem.replace('__', '/')}.{extension}"
        found[path] = File(content.encode() if isinstance(content, str) else content)
    return found


def python_pack(
    version: str = "1.0.0",
    virtualenv: str | None = "venv",
    toolchain: str | None = None,
    requirements: str | None = None,
    **more: str,
) -> dict[str, File]:
    """The files of a Python pack; without `requirements` it has no requirements.txt."""
    pack = {
        "PulumiPolicy.yaml": File(manifest(version, virtualenv, toolchain).encode()),
        "__main__.py": File(MAIN),
    }
    if requirements is not None:
        pack["requirements.txt"] = File(requirements.encode())
    return pack | files(**more)


def checked(pack_files: dict[str, File], name: str = "guard") -> Pack:
    """The pack of these files, which keeps every rule."""
    report, pack = check_bundle(encode(pack_files).data, name=name)
    assert pack is not None and report.ok, report.errors
    return pack


def kept_home(root: Path) -> Home:
    """A home whose marks mean something to other processes, too: XDG_STATE_HOME is `state` beside it."""
    return Home(root, Key(str(root.parent / "state" / "packreg"), str(root)))


def tools_in(home: Home, **environ: str) -> Tools:
    """The tools of this machine with these variables."""
    return Tools(home, dict(os.environ) | environ)


class Shop:
    """A registry in a directory, and a way to put releases into it."""

    def __init__(self, root: Path) -> None:
        self.location = parse_location(str(root), cwd="/")

    def registry(self, home: Home | None = None) -> Registry:
        """The registry, remembering in `home` what never changes."""
        remembered = DiskMemory(home, self.location.id) if home else None
        return Registry(
            open_store(self.location),
            location=self.location,
            now=lambda: NOW,
            new_id=lambda: "00000000-0000-4000-8000-000000000000",
            remembered=remembered,
        )

    def publish(self, pack_files: dict[str, File], name: str = "guard", lock: Lock | None = None) -> Record:
        """Publish a pack with these files."""
        pack = checked(pack_files, name)
        registry = self.registry()
        registry.init()
        published = registry.publish(pack, lock=lock, source=Source(), publisher="tests", tool="packreg 0")
        return published.record

    def installer(self, home: Home, tools: Tools | None = None, **options: object) -> Installer:
        """An installer from this registry into `home`."""
        tools = tools or tools_in(home)
        return Installer(home, self.registry(home), tools, packreg="0.0.0", **options)  # type: ignore[arg-type]


class Wheel:
    """A small wheel with one module that says `value = <version>`, and perhaps requirements."""

    def __init__(self, name: str, version: str, requires: tuple[str, ...] = (), source: str = "") -> None:
        self.name, self.version = name, version
        self.file_name = f"{name}-{version}-py3-none-any.whl"
        info = f"{name}-{version}.dist-info"
        requirements = "".join(f"Requires-Dist: {line}\n" for line in requires)
        members = {
            f"{name}/__init__.py": f"value = {version!r}\n{source}",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requirements}",
            f"{info}/WHEEL": WHEEL,
        }
        lines = []
        for path, text in members.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            lines.append(f"{path},sha256={digest},{len(text.encode())}")
        members[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,", ""])
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w") as archive:
            for path, text in members.items():
                archive.writestr(zipfile.ZipInfo(path), text)
        self.data = whole.getvalue()
        self.sha256 = hashlib.sha256(self.data).hexdigest()

    @property
    def locked(self) -> str:
        """The line of a lock for it."""
        return f"{self.name}=={self.version} --hash=sha256:{self.sha256}\n"


BACKEND = """
import base64, hashlib, json, os, zipfile

def build_wheel(directory, settings=None, metadata=None):
    name, version, tag = {name!r}, {version!r}, {tag!r}
    info = f"{{name}}-{{version}}.dist-info"
    members = {{
        f"{{name}}/__init__.py": f"value = {{version!r}}\\nbuilt_with = {{dict(os.environ)!r}}\\n",
        f"{{info}}/METADATA": f"Metadata-Version: 2.1\\nName: {{name}}\\nVersion: {{version}}\\n"
        + {requires!r},
        f"{{info}}/WHEEL": f"Wheel-Version: 1.0\\nGenerator: tests\\nRoot-Is-Purelib: true\\nTag: {{tag}}\\n",
    }}
    file = f"{{name}}-{{version}}-{{tag}}.whl"
    with zipfile.ZipFile(os.path.join(directory, file), "w") as archive:
        lines = []
        for path, text in members.items():
            archive.writestr(path, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            lines.append(f"{{path}},sha256={{digest}},{{len(text.encode())}}")
        archive.writestr(f"{{info}}/RECORD", "\\n".join([*lines, f"{{info}}/RECORD,,", ""]))
    return file
"""


class Sdist:
    """A small source distribution that brings its own backend; its wheel says what it was built with.

    `tag` is that of the wheel, `code` runs before it is built, `backend` are further requirements of that.
    """

    def __init__(
        self,
        name: str,
        version: str,
        requires: tuple[str, ...] = (),
        *,
        tag: str = "py3-none-any",
        code: str = "",
        backend: tuple[str, ...] = (),
    ) -> None:
        self.name, self.version = name, version
        self.file_name = f"{name}-{version}.tar.gz"
        lines = "".join(f"Requires-Dist: {line}\n" for line in requires)
        build = f'requires = {list(backend)}\nbuild-backend = "own"\nbackend-path = ["."]\n'
        program = BACKEND.format(name=name, version=version, tag=tag, requires=lines)
        members = {"pyproject.toml": f"[build-system]\n{build}", "own.py": f"{code}\n{program}"}
        whole = io.BytesIO()
        with tarfile.open(fileobj=whole, mode="w:gz") as archive:
            for path, text in members.items():
                info = tarfile.TarInfo(f"{name}-{version}/{path}")
                info.size = len(text.encode())
                archive.addfile(info, io.BytesIO(text.encode()))
        self.data = whole.getvalue()
        self.sha256 = hashlib.sha256(self.data).hexdigest()


def lock_of(*wheels: Wheel) -> Lock:
    """A lock of exactly these wheels."""
    return Lock("requirements", "".join(wheel.locked for wheel in wheels), "tests", ">=3.11")


class Index:
    """A package index on the loopback device. `requests` counts, `broken` makes every answer a 500."""

    def __init__(self, *wheels: Wheel | Sdist) -> None:
        self.files = {wheel.file_name: wheel.data for wheel in wheels}
        self.pages: dict[str, list[Wheel | Sdist]] = {}
        for wheel in wheels:
            self.pages.setdefault(wheel.name, []).append(wheel)
        self.requests = 0
        self.broken = False
        self.url = ""

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Status, content type and body for a path."""
        self.requests += 1
        name = path.strip("/").split("/")[-1]
        if self.broken:
            return 500, "text/plain", b"broken on purpose"
        if path.startswith("/files/") and name in self.files:
            return 200, "application/octet-stream", self.files[name]
        if path.startswith("/simple/") and name in self.pages:
            links = "".join(
                f'<a href="/files/{wheel.file_name}#sha256={wheel.sha256}">{wheel.file_name}</a>\n'
                for wheel in self.pages[name]
            )
            return 200, "text/html", f"<!DOCTYPE html><html><body>{links}</body></html>".encode()
        return 404, "text/plain", b"no such thing"

    def environ(self, cache: Path) -> dict[str, str]:
        """Variables that make uv and pip use this index and nothing else, with a cache of its own."""
        return {
            "UV_DEFAULT_INDEX": f"{self.url}/simple/",
            "UV_CACHE_DIR": str(cache / "uv"),
            "UV_HTTP_TIMEOUT": "10",
            "UV_HTTP_RETRIES": "0",
            "PIP_INDEX_URL": f"{self.url}/simple/",
            "PIP_CACHE_DIR": str(cache / "pip"),
            "PIP_FIND_LINKS": "",
            "PIP_RETRIES": "0",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }


@contextmanager
def serving(*wheels: Wheel | Sdist) -> Iterator[Index]:
    """An index that serves these files while the body runs."""
    index = Index(*wheels)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = index.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_HEAD(self) -> None:
            status, kind, body = index.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    index.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield index
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def tree_digest(root: Path) -> str:
    """A digest of every path, link and byte below `root`, compiled modules left out."""
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if "__pycache__" in path.parts:
            continue
        what = f"-> {os.readlink(path)}".encode() if path.is_symlink() else b""
        what = what or (path.read_bytes() if path.is_file() else b"directory")
        digest.update(f"{path.relative_to(root)}\0{len(what)}\0".encode() + what)
    return digest.hexdigest()
