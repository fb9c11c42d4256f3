"""A policy pack: a directory on disk, a set of files in memory, a bundle of bytes; and the rules for them.

It knows Pulumi's pack files and packreg's bundle, and nothing of registries, networks or installations. It
imports `errors` only. Everything is a pure function of bytes, except `select` (reads a directory), `bundle.
extract` and `template` (write a new one) and `wheel` (runs a build).

    directory --select--> files --check--> Pack --encode--> Bundle --decode--> files --extract--> directory

The bundle
----------
A bundle is one gzip member (RFC 1952) around one tar stream (POSIX.1-1988 ustar). How to write one:

* The tar stream holds, for each file in the order of the bytes of its UTF-8 path: a header block of 512
  bytes, the file's bytes, and zero bytes up to a multiple of 512. Then 1,024 zero bytes, then nothing.
* There are regular files only, no members for directories; their parents are made on extraction.
* A header has, in order and ended or filled up with zero bytes: name (100 bytes), mode `0000644` or
  `0000755` (8), uid `0000000` (8), gid `0000000` (8), size as 11 octal digits (12), mtime `00000000000`
  (12), the checksum as 6 octal digits, a zero byte and a space (8), type `0` (1), link name empty (100),
  `ustar` (6), `00` (2), owner and group name empty (32 and 32), device numbers `0000000` (8 and 8), prefix
  (155), 12 zero bytes.
* The member's name is `package/` and the path. If that has more than 100 bytes, it is cut at the first `/`
  that leaves at most 100 bytes behind it; what stands before the cut, at most 155 bytes, is the prefix.
* The gzip header is `1f 8b 08 00 00000000 00 ff`: no name, no time, no extra field. Nothing follows the
  member.

`package/` is what the archives of `npm pack` and of Pulumi have, so stock tools open a bundle too.

Two digests. The identity of a pack, `sha256:…`, is the SHA-256 of the tar stream. It depends on nothing but
paths, bytes and executable bits: not on the order of a directory, owners, times, umask, the operating system,
the Python, or the compressor, whose builds compress the same stream to different bytes. The SHA-256 of the
`.tgz` is for transport and storage, where exactly these bytes are moved. It does not identify the pack: two
people may publish the same pack compressed differently, and its identity is the same. (Windows keeps no
executable bit, so a pack with executable files gets another identity when it is bundled there.)

The reader accepts exactly what the writer writes: it writes each header anew and compares. Extended headers,
links, owners, times, second members, bytes in the padding or after the end: whatever else tar and gzip allow
is refused, because it could hide data or make two readers see different packs. Nothing is written to the disk
before the whole archive was accepted.

Limits
------
`files.Limits`, which operators may raise: 64 KiB of manifest, 10,000 files, 64 MiB of them, paths of 240
bytes and 32 levels. They are far above what public packs need, and they hold for writers and readers alike.
No limit depends on what an archive says about itself. A path must mean the same file on Linux, macOS and
Windows (`paths`); two paths that differ only in case or Unicode normal form are refused.

What is part of a pack
----------------------
All regular files of the directory, except those that `.gitignore` files inside it exclude (by git's rules)
and those that never belong in a pack: version control, `node_modules`, virtual environments and compiled
code, since they are made anew on each machine; keys, `.env*`, `.npmrc` and the like, since everybody who can
install a pack can read it. A Node.js pack also leaves out what `npm pack` would, but keeps the lock files:
npm drops them, and then every install of a published pack resolves its dependencies anew. Ignore files above
the directory have no effect, unlike in the Pulumi CLI, so that a pack is the same wherever it lies. Links
are refused: Pulumi would follow them out of the pack. A pack with anything that looks like a credential is
refused.

Names and versions
------------------
See `version` and `check`. The author must write a version; packreg never makes one up. (Pulumi publishes a
Python pack without a version as 0.0.1.)
"""
