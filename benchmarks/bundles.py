"""Writing and reading a bundle of many files: against tar with gzip, and against `tarfile`."""

from __future__ import annotations

import random
import shutil
import subprocess
import tarfile
from pathlib import Path

from measure import Case, measure
from programs import need

from packreg.pack.bundle import decode, encode, extract
from packreg.pack.files import File, Files


def tree(count: int) -> Files:
    """Small source-like files, 10 MB of 5,000, the same on every machine."""
    words = random.Random(7)
    vocabulary = [
        "".join(words.choices("abcdefghijklmnopqrstuvwxyz_", k=words.randint(2, 12))) for _ in range(4000)
    ]
    files = {"PulumiPolicy.yaml": File(b"runtime: opa\nversion: 1.0.0\n")}
    for number in range(count - 1):
        text = " ".join(words.choices(vocabulary, k=words.randint(50, 500)))
        files[f"rules/{number % 50:02}/rule_{number}.rego"] = File(text.encode())
    return files


def bundles(directory: Path, rounds: int, small: bool = False) -> str:
    """Two tables, for writing and for reading."""
    need("tar", "gzip")
    count = 50 if small else 5_000
    root = directory / "packreg-benchmark-bundles"
    shutil.rmtree(root, ignore_errors=True)
    source, out, archive = root / "source", root / "out", root / "a.tgz"
    root.mkdir()
    files = tree(count)
    extract(files, source)
    archive.write_bytes(encode(files).data)

    def from_disk() -> Files:
        return {str(p.relative_to(source)): File(p.read_bytes()) for p in source.rglob("*") if p.is_file()}

    def with_tarfile() -> None:
        with tarfile.open(root / "b.tgz", "w:gz", compresslevel=6) as tar:
            tar.add(source, "package")

    def tar_and_gzip() -> None:
        subprocess.run(
            f"tar -C {source} --sort=name -cf - . | gzip -n -6 > {root / 'c.tgz'}", shell=True, check=True
        )

    def tarfile_extract() -> None:
        with tarfile.open(archive) as tar:
            tar.extractall(out, filter="data")

    def tar_extract() -> None:
        out.mkdir()
        subprocess.run(["tar", "-C", out, "-xzf", archive], check=True)

    def clear() -> None:
        shutil.rmtree(out, ignore_errors=True)

    try:
        return "\n".join(
            (
                measure(
                    f"Writing a bundle of {count:,} files",
                    [
                        Case("tarfile, gzip level 6", with_tarfile),
                        Case("tar --sort=name | gzip -6", tar_and_gzip),
                        Case(
                            "packreg, from the directory",
                            lambda: (root / "d.tgz").write_bytes(encode(from_disk()).data),
                        ),
                    ],
                    rounds,
                    warm_up=not small,
                ),
                measure(
                    f"Reading and unpacking a bundle of {count:,} files",
                    [
                        Case("tarfile, filter='data'", tarfile_extract, clear),
                        Case("tar -xzf", tar_extract, clear),
                        Case(
                            "packreg, every rule checked first",
                            lambda: extract(decode(archive.read_bytes()), out),
                            clear,
                        ),
                    ],
                    rounds,
                    warm_up=not small,
                ),
            )
        )
    finally:
        shutil.rmtree(root, ignore_errors=True)
