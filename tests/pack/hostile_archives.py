"""Archives that packreg must refuse, one builder per class, each with the code of the refusal.

They are built from raw header blocks, because no library writes most of them.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import zlib
from collections.abc import Callable

from packreg.pack.bundle import GZIP_HEADER, compress, encode
from packreg.pack.files import File

MANIFEST = b"runtime: python\nversion: 1.0.0\n"
END = bytes(1024)

#: name -> (builder of the archive, the code of the problem it must be refused with)
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {}


def hostile(code: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    """Add a builder to the list; its name is the case's name."""

    def add(builder: Callable[[], bytes]) -> Callable[[], bytes]:
        assert builder.__name__ not in HOSTILE
        HOSTILE[builder.__name__] = (builder, code)
        return builder

    return add


def good_files() -> dict[str, File]:
    """A small pack with a directory and an executable file."""
    return {
        "PulumiPolicy.yaml": File(MANIFEST),
        "__main__.py": File(b"print('policies')\n"),
        "tools/run.sh": File(b"#!/bin/sh\n", executable=True),
    }


def good() -> bytes:
    """A bundle that is accepted."""
    return encode(good_files()).data


def block(
    name: str | bytes = "package/x",
    data_size: int | bytes = 0,
    *,
    kind: bytes = b"0",
    mode: bytes = b"0000644\0",
    uid: bytes = b"0000000\0",
    gid: bytes = b"0000000\0",
    mtime: bytes = b"00000000000\0",
    link: bytes = b"",
    magic: bytes = b"ustar\x0000",
    uname: bytes = b"",
    gname: bytes = b"",
    device: bytes = b"0000000\0",
    prefix: bytes = b"",
    tail: bytes = b"",
    checksum: bytes | None = None,
) -> bytes:
    """One header block with any field as one likes, and a right checksum unless one is given."""
    name = name.encode() if isinstance(name, str) else name
    size = b"%011o\0" % data_size if isinstance(data_size, int) else data_size
    raw = struct.pack(
        "100s8s8s8s12s12s8sc100s8s32s32s8s8s155s12s",
        name, mode, uid, gid, size, mtime, b" " * 8, kind, link, magic, uname, gname,
        device, device, prefix, tail,
    )  # fmt: skip
    return raw[:148] + (b"%06o\0 " % sum(raw) if checksum is None else checksum) + raw[156:]


def member(name: str | bytes = "package/x", data: bytes = b"", **fields: bytes) -> bytes:
    """A header with its data, padded."""
    return block(name, len(data), **fields) + data + bytes(-len(data) % 512)  # type: ignore[arg-type]


def tgz(*parts: bytes, end: bytes = END) -> bytes:
    """A gzip file with the fixed header around the manifest, then `parts`, then the end blocks."""
    return compress(member("package/PulumiPolicy.yaml", MANIFEST) + b"".join(parts) + end)


def _in_order(name: str) -> bytes:
    """The manifest and an empty member called `name`, sorted."""
    members = [member("package/PulumiPolicy.yaml", MANIFEST), member(name)]
    return compress(b"".join(sorted(members)) + END)


def pax(records: bytes, kind: bytes = b"x") -> bytes:
    """A pax extended header."""
    return member("package/pax", records, kind=kind)


def record(key: bytes, value: bytes) -> bytes:
    """One pax record with its own length in front."""
    body = b" " + key + b"=" + value + b"\n"
    size = len(body) + len(str(len(body)))
    size = len(body) + len(str(size))
    return str(size).encode() + body


def _linked(kind: bytes, name: str, target: str) -> bytes:
    return tgz(block(name, kind=kind, link=target.encode()))


for _case, _name, _target in (
    ("absolute", "package/l", "/etc/passwd"),
    ("parent", "package/l", "../../etc/passwd"),
    ("inside", "package/l", "PulumiPolicy.yaml"),
    ("long_target", "package/l", "t" * 100),
    ("loop", "package/l", "l"),
    ("over_directory", "package/tools", "/tmp"),
):
    HOSTILE[f"symlink_{_case}"] = (lambda n=_name, t=_target: _linked(b"2", n, t), "tar-symlink")  # type: ignore[misc]
    HOSTILE[f"hard_link_{_case}"] = (lambda n=_name, t=_target: _linked(b"1", n, t), "tar-hard-link")  # type: ignore[misc]

for _kind, _code in (
    (b"3", "tar-device"), (b"4", "tar-device"), (b"5", "tar-directory"), (b"6", "tar-fifo"),
    (b"7", "tar-member-type"), (b"V", "tar-member-type"), (b"M", "tar-member-type"),
    (b"D", "tar-member-type"), (b"Z", "tar-member-type"), (b"S", "tar-sparse"), (b"\0", "tar-member-type"),
):  # fmt: skip
    HOSTILE[f"type_{_kind.hex()}"] = (lambda k=_kind: tgz(block("package/x", kind=k)), _code)  # type: ignore[misc]

for _case, _path in {
    "newline": "package/a\nb", "ansi": "package/\x1b[31mred", "delete": "package/a\x7f",
    "bidi": "package/\u202egpj.exe",
    "zero_width": "package/a\u200bb", "line_separator": "package/a\u2028b", "nel": "package/a\x85b",
    "backslash": "package/..\\..\\x", "drive": "package/C:x", "stream": "package/x:y",
    "question": "package/a?",
    "reserved": "package/CON", "reserved_extension": "package/aux.txt", "reserved_directory": "package/nul/x",
    "reserved_space": "package/com1 .txt", "final_dot": "package/x.", "final_space": "package/x ",
    "directory_final_dot": "package/x./y", "empty_segment": "package/a//b", "dot_segment": "package/./a",
    "directory_name": "package/x/", "top_alone": "package/", "decomposed": "package/u\u0308.py",
    "kelvin": "package/\u212a",
    "deep": "package/" + "d/" * 33 + "x", "feff": "package/\ufeffx",
}.items():  # fmt: skip
    HOSTILE[f"name_{_case}"] = (lambda p=_path: _in_order(p), "bad-path")  # type: ignore[misc]


@hostile("bad-path")
def name_long() -> bytes:
    """A path of 241 bytes, split as ustar wants it."""
    prefix = b"package/" + b"p" * 147
    return tgz(member(b"n" * 93, prefix=prefix))


@hostile("path-absolute")
def name_absolute() -> bytes:
    """An absolute path."""
    return tgz(member("/etc/passwd"))


@hostile("path-dotdot")
def name_dotdot() -> bytes:
    """A path that leaves the directory."""
    return tgz(member("package/../../evil"))


@hostile("path-dotdot")
def name_dotdot_in_prefix() -> bytes:
    """The same, hidden in the header's prefix."""
    return tgz(member("x" * 100, prefix=b"package/.."))


@hostile("path-not-utf8")
def name_not_utf8() -> bytes:
    """A name in Latin-1."""
    return tgz(member(b"package/\xfcber"))


@hostile("path-not-utf8")
def name_surrogate() -> bytes:
    """A lone surrogate, encoded as if it were a character."""
    return tgz(member(b"package/\xed\xa0\x80"))


@hostile("tar-top-directory")
def name_dot_prefix() -> bytes:
    """A leading ./, as 'tar -c .' writes it."""
    return compress(member("./package/PulumiPolicy.yaml", MANIFEST) + END)


@hostile("tar-top-directory")
def name_other_top() -> bytes:
    """Another top directory, as source archives have."""
    return compress(member("pack-1.0.0/PulumiPolicy.yaml", MANIFEST) + END)


@hostile("tar-top-directory")
def name_second_top() -> bytes:
    """A file beside package/."""
    return tgz(member("qackage/x"))


@hostile("tar-top-directory")
def name_empty() -> bytes:
    """No name at all."""
    return tgz(member(""))


@hostile("tar-name")
def name_hidden_tail() -> bytes:
    """Bytes behind the zero byte that ends the name: some readers show them."""
    return tgz(member(b"package/x\0.exe"))


@hostile("tar-name")
def name_needless_prefix() -> bytes:
    """A short name in two parts."""
    return tgz(member("x", prefix=b"package"))


@hostile("tar-name")
def name_prefix_tail() -> bytes:
    """Bytes behind an empty prefix."""
    return tgz(member("package/x", prefix=b"\0package/y"))


@hostile("path-collision")
def case_of_file() -> bytes:
    """Two files that differ in case."""
    return tgz(member("package/README"), member("package/ReadMe"))


@hostile("path-collision")
def case_of_manifest() -> bytes:
    """A second manifest, which wins where case does not count."""
    return tgz(
        member("package/PulumiPolicy.yaml.d"), member("package/pulumipolicy.YAML", b"runtime: nodejs\n")
    )


@hostile("path-collision")
def case_of_directory() -> bytes:
    """Two directories that differ in case."""
    return tgz(member("package/a/x"), member("package/b"), member("package/z/A/x"), member("package/z/a/y"))


@hostile("path-collision")
def case_beyond_ascii() -> bytes:
    """A sharp s, which folds to two letters."""
    return tgz(member("package/strasse"), member("package/straße"))


@hostile("path-collision")
def file_and_directory() -> bytes:
    """A path that is a file and a directory."""
    return tgz(member("package/d", b"file"), member("package/d/x"))


@hostile("tar-duplicate")
def duplicate() -> bytes:
    """One member twice."""
    return tgz(member("package/x", b"A" * 9), member("package/x", b"B"))


@hostile("tar-duplicate")
def duplicate_manifest() -> bytes:
    """The manifest twice: the second, shorter one overlays the first in some extractors."""
    return tgz(member("package/PulumiPolicy.yaml", b"runtime: go\n"))


@hostile("tar-order")
def unsorted() -> bytes:
    """Members out of order."""
    return tgz(member("package/b"), member("package/a"))


@hostile("tar-pax-global")
def pax_global() -> bytes:
    """The header that 'git archive' writes."""
    return compress(
        pax(record(b"comment", b"0" * 40), b"g") + member("package/PulumiPolicy.yaml", MANIFEST) + END
    )


@hostile("tar-pax-global")
def pax_global_path() -> bytes:
    """A global path, which renames every member."""
    return tgz(pax(record(b"path", b"package/renamed"), b"g"), member("package/x"))


@hostile("tar-pax")
def pax_path() -> bytes:
    """An extended header with a path that escapes, before a harmless member."""
    return tgz(pax(record(b"path", b"../../evil")), member("package/x"))


@hostile("tar-pax")
def pax_link_path() -> bytes:
    """An extended link target."""
    return tgz(pax(record(b"linkpath", b"/etc/passwd")), block("package/l", kind=b"2"))


@hostile("tar-pax")
def pax_negative_size() -> bytes:
    """An extended size below zero."""
    return tgz(pax(record(b"size", b"-512")), member("package/x", b"abc"))


@hostile("tar-pax")
def pax_huge_time() -> bytes:
    """A time that no platform can store."""
    return tgz(pax(record(b"mtime", b"9" * 40)), member("package/x"))


@hostile("tar-pax")
def pax_sparse() -> bytes:
    """A sparse file in pax clothes."""
    return tgz(pax(record(b"GNU.sparse.realsize", b"99999999999")), member("package/x"))


@hostile("tar-gnu-longname")
def gnu_long_name_bomb() -> bytes:
    """A name of 1.5 MB."""
    return tgz(member("././@LongLink", b"n" * 1_500_000 + b"\0", kind=b"L"), member("package/x"))


@hostile("tar-gnu-longname")
def gnu_long_link() -> bytes:
    """A long link name."""
    return tgz(member("././@LongLink", b"/etc/passwd\0", kind=b"K"), block("package/x", kind=b"2"))


@hostile("tar-not-ustar")
def gnu_magic() -> bytes:
    """GNU tar's default format."""
    return tgz(member("package/x", magic=b"ustar  \0"))


@hostile("tar-not-ustar")
def v7() -> bytes:
    """The format of 1979, without a magic."""
    return tgz(member("package/x", magic=b""))


@hostile("tar-checksum")
def checksum_wrong() -> bytes:
    """A wrong checksum: tarfile silently ends here."""
    return tgz(member("package/x", checksum=b"012345\0 "), member("package/y"))


@hostile("tar-checksum")
def checksum_garbage() -> bytes:
    """A checksum that is no number."""
    return tgz(member("package/x", checksum=b"zzzzzz\0 "))


@hostile("tar-checksum")
def not_a_header() -> bytes:
    """Text where a header should be."""
    return tgz(b"x" * 512)


@hostile("tar-header")
def checksum_other_spelling() -> bytes:
    """A right checksum, spelt in another way."""
    right = block("package/x")[148:154]
    return tgz(member("package/x", checksum=right + b" \0"))


@hostile("tar-size")
def size_base256_negative() -> bytes:
    """-1 in GNU's base 256."""
    return tgz(block("package/x", b"\xff" * 12))


@hostile("tar-size")
def size_base256_huge() -> bytes:
    """2**80 in GNU's base 256."""
    return tgz(block("package/x", b"\x80" + (2**80).to_bytes(11, "big")))


@hostile("tar-size")
def size_negative() -> bytes:
    """A minus sign."""
    return tgz(block("package/x", b"-0000000777\0"))


@hostile("tar-size")
def size_underscore() -> bytes:
    """Digits that only Python reads as a number."""
    return tgz(block("package/x", b"0000_000010\0") + b"8 bytes." + bytes(504))


@hostile("tar-size")
def size_garbage() -> bytes:
    """No number."""
    return tgz(block("package/x", b"0000000000z\0"))


@hostile("tar-size")
def size_spaces() -> bytes:
    """A number with leading spaces, as old tars wrote."""
    return tgz(block("package/x", b"          0\0"))


@hostile("too-large")
def size_over_limit() -> bytes:
    """8 GiB promised."""
    return tgz(block("package/x", b"77777777777\0"))


@hostile("tar-mode")
def mode_zero() -> bytes:
    """A file that nobody can read."""
    return tgz(member("package/x", mode=b"0000000\0"))


@hostile("tar-mode")
def mode_setuid() -> bytes:
    """A set-user-id file."""
    return tgz(member("package/x", mode=b"0004755\0"))


@hostile("tar-mode")
def mode_file_type() -> bytes:
    """A mode with file type bits."""
    return tgz(member("package/x", mode=b"0100644\0"))


@hostile("tar-owner")
def owner_root_name() -> bytes:
    """An owner's name."""
    return tgz(member("package/x", uname=b"root"))


@hostile("tar-owner")
def owner_group_name() -> bytes:
    """A group's name."""
    return tgz(member("package/x", gname=b"wheel"))


@hostile("tar-owner")
def owner_number() -> bytes:
    """An owner's number."""
    return tgz(member("package/x", uid=b"0001750\0"))


@hostile("tar-owner")
def owner_group_number() -> bytes:
    """A group's number in base 256."""
    return tgz(member("package/x", gid=b"\x80" + b"\xff" * 7))


@hostile("tar-mtime")
def time_now() -> bytes:
    """A time, as every tar program writes by default."""
    return tgz(member("package/x", mtime=b"14621453125\0"))


@hostile("tar-mtime")
def time_negative() -> bytes:
    """A time before 1970."""
    return tgz(member("package/x", mtime=b"\xff" * 12))


@hostile("tar-header")
def device_numbers() -> bytes:
    """Device numbers on a regular file."""
    return tgz(member("package/x", device=b"0000001\0"))


@hostile("tar-header")
def link_name_on_file() -> bytes:
    """A link's target on a regular file."""
    return tgz(member("package/x", link=b"/etc/passwd"))


@hostile("tar-header")
def header_tail() -> bytes:
    """Bytes in the twelve that belong to no field."""
    return tgz(member("package/x", tail=b"hidden"))


@hostile("tar-padding")
def padding_payload() -> bytes:
    """Bytes hidden between a file's end and the next header."""
    return tgz(block("package/x", 3) + b"abc" + b"hidden".ljust(509, b"\0"))


@hostile("tar-truncated")
def truncated_in_file() -> bytes:
    """The stream stops inside a file."""
    return tgz(block("package/x", 4096) + b"abc", end=b"")


@hostile("tar-truncated")
def truncated_in_header() -> bytes:
    """The stream stops inside a header."""
    return tgz(block("package/x")[:100], end=b"")


@hostile("tar-no-end")
def no_end_blocks() -> bytes:
    """No end blocks; Go and Python do not mind."""
    return tgz(end=b"")


@hostile("tar-no-end")
def one_end_block() -> bytes:
    """One of two end blocks."""
    return tgz(end=bytes(512))


@hostile("tar-no-end")
def zero_block_inside() -> bytes:
    """A zero block between members: tarfile silently ends here."""
    return tgz(bytes(512), member("package/x"))


@hostile("tar-garbage-after-end")
def record_padding() -> bytes:
    """Zero blocks up to 10,240 bytes, as tar programs pad."""
    return tgz(end=bytes(10_240 - 1024))


@hostile("tar-garbage-after-end")
def second_tar() -> bytes:
    """A whole second archive behind the end."""
    return tgz(end=END + member("package/hidden") + END)


@hostile("manifest-missing")
def no_members() -> bytes:
    """An archive of nothing."""
    return compress(END)


@hostile("manifest-missing")
def no_manifest() -> bytes:
    """Files, but no manifest."""
    return compress(member("package/__main__.py") + END)


@hostile("manifest-missing")
def manifest_in_other_case() -> bytes:
    """A manifest that Pulumi finds on some systems only."""
    return compress(member("package/PulumiPolicy.YAML", MANIFEST) + END)


@hostile("tar-no-end")
def empty_stream() -> bytes:
    """A gzip file of nothing."""
    return compress(b"")


@hostile("bundle-empty")
def empty_file() -> bytes:
    """No byte at all."""
    return b""


@hostile("not-gzip")
def plain_tar() -> bytes:
    """Not compressed."""
    return member("package/PulumiPolicy.yaml", MANIFEST) + END


@hostile("not-gzip")
def xz() -> bytes:
    """The right tar stream, compressed by xz."""
    return lzma.compress(plain_tar())


@hostile("not-gzip")
def bzip2() -> bytes:
    """The right tar stream, compressed by bzip2."""
    return bz2.compress(plain_tar())


@hostile("not-gzip")
def zstd() -> bytes:
    """A zstd magic."""
    return b"\x28\xb5\x2f\xfd" + bytes(100)


@hostile("not-gzip")
def html() -> bytes:
    """A login page, which proxies love to serve instead."""
    return b"<!DOCTYPE html><html><body>Sign in</body></html>"


@hostile("gzip-header")
def gzip_name() -> bytes:
    """A file name in the gzip header."""
    return b"\x1f\x8b\x08\x08" + good()[4:10] + b"../../evil\0" + good()[10:]


@hostile("gzip-header")
def gzip_extra() -> bytes:
    """64 KB in the gzip header: other bytes, same files."""
    return b"\x1f\x8b\x08\x04" + good()[4:10] + b"\xff\xff" + bytes(65_535) + good()[10:]


@hostile("gzip-header")
def gzip_time() -> bytes:
    """The time of compression."""
    return gzip.compress(zlib.decompress(good(), 31), 6, mtime=1_700_000_000)


@hostile("gzip-header")
def gzip_level() -> bytes:
    """Another compression level in the header."""
    return gzip.compress(zlib.decompress(good(), 31), 9, mtime=0)


@hostile("gzip-truncated")
def gzip_cut_in_header() -> bytes:
    """Cut after five bytes."""
    return good()[:5]


@hostile("gzip-truncated")
def gzip_header_alone() -> bytes:
    """A header and nothing else."""
    return GZIP_HEADER


@hostile("gzip-truncated")
def gzip_cut_in_data() -> bytes:
    """Cut in half, as a download can be."""
    return good()[: len(good()) // 2]


@hostile("gzip-truncated")
def gzip_cut_in_trailer() -> bytes:
    """Without the last byte."""
    return good()[:-1]


@hostile("gzip-truncated")
def gzip_no_trailer() -> bytes:
    """Without checksum and length."""
    return good()[:-8]


@hostile("gzip-damaged")
def gzip_bad_block() -> bytes:
    """A deflate block of a type that does not exist."""
    return GZIP_HEADER + b"\xff" * 20


@hostile("gzip-crc")
def gzip_wrong_crc() -> bytes:
    """A wrong checksum."""
    return good()[:-8] + b"\0\0\0\0" + good()[-4:]


@hostile("gzip-size")
def gzip_wrong_size() -> bytes:
    """A wrong length."""
    return good()[:-4] + b"\0\0\0\0"


@hostile("gzip-trailing-bytes")
def gzip_trailing_zeros() -> bytes:
    """Zero bytes behind the end, as tapes pad."""
    return good() + bytes(512)


@hostile("gzip-trailing-bytes")
def gzip_trailing_zip() -> bytes:
    """A zip file behind the end: one file, two formats."""
    return good() + b"PK\x03\x04" + bytes(30)


@hostile("gzip-second-member")
def gzip_second_member() -> bytes:
    """A second gzip member, which most readers join to the first."""
    return good() + compress(member("package/hidden") + END)


@hostile("gzip-second-member")
def gzip_split_members() -> bytes:
    """The right stream in two members."""
    tar = zlib.decompress(good(), 31)
    return compress(tar[:700]) + compress(tar[700:])


@hostile("too-many-files")
def many_members() -> bytes:
    """10,001 files."""
    return tgz(*(member(f"package/f{n:05}") for n in range(10_001)))


@hostile("too-large")
def bomb_one_file() -> bytes:
    """90 MB of zeros in one file, 90 KB compressed."""
    return _zeros(block("package/x", 90_000_000), 90_000_000)


@hostile("too-large")
def bomb_behind_the_end() -> bytes:
    """90 MB of zeros behind the end blocks."""
    return _zeros(END, 90_000_000)


def _zeros(head: bytes, count: int) -> bytes:
    deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
    out = [deflate.compress(member("package/PulumiPolicy.yaml", MANIFEST) + head)]
    out += [deflate.compress(bytes(1_000_000)) for _ in range(count // 1_000_000)]
    return GZIP_HEADER + b"".join(out) + deflate.flush() + bytes(8)
