"""How a release becomes a directory that the stock Pulumi CLI can run, and what is kept to do it fast.

Not here: what a release is and how it is fetched (`registry`), what a pack is (`pack`). May import both. The
caller gives the environment variables and the directory of the home. This package is the only one that starts
uv, pip, npm and interpreters.

    installer        find, fetch, verify, provide, attach, mark, reveal: one release, start to end
    unpacking        a release as packreg runs it: from its bundle, in a `private` directory of the process
    releases         which release is meant, and its verified files, from the registry or from caches
    provision        what a pack needs besides its files, for `installer` and `dev`
    environment      Python environments by content; `skeleton`, `bytecode`, `interpreter` are its parts
    attach           a pack's private environment, which adds the packages of a shared one
    nodejs           node_modules by content; `npm_lock` reads locks with suspicion
    lock_dependencies, requirements_lock   making and reading locks
    kept_files, kept_wheels, dependency_wheels, dependency_tarballs   dependencies' files kept in a registry
    targets, collecting   the platforms that packs are sealed for, and fetching the files to keep for them
    cache, transfer  listing, pruning, and taking caches to a machine without a network
    home, marker, staging, disk, tools     directories, installed packs, renaming into place, running tools
    trust, contents, sealed, entries       what this user made here, and whether it was changed since

Decisions:

- Nothing has its final name before it is complete. Packs, environments and trees are made under a temporary
  name and renamed; the marker (`.packreg.json`) or `.complete` is the last file inside. A killed process
  leaves only a directory with a temporary name, which the next holder of the same lock removes. After a power
  cut, files may be missing that were not yet on the disk: `install --force` makes them again.
- Nothing in a home is trusted because it is there: a checkout, a cache or an image may have brought it. What
  this user made on this machine has a mark: an HMAC over its contents and its path, with a key that lies
  outside every home. Downloads are trusted by their digest; all else is made again. What differs from its
  list of contents is never used: a pack is refused (somebody may have worked in it), an environment is
  rebuilt.
- Packs that packreg runs itself are not run from where they are installed: they are unpacked for each run,
  which costs milliseconds.
- One process works on an entry; the others wait and find it done. The locks are the operating system's, so
  they end with their holder; a file system without locks is refused instead of being given a substitute.
- Environments are addressed by lock, interpreter and platform, and shared. A pack's own environment is a copy
  of the interpreter's empty one, with one `.pth` line that points into the store. Whatever a tool writes
  stays in that pack, even if `uv sync` rebuilds it with another Python. Through a symlink, a tool would
  change the shared environment.
- Python environments in the store stay writable: a run may write a `.pyc`, and packreg then compiles that
  module again from its source. node_modules is read-only: Python packs have a private environment in front,
  while Node.js packs see the shared tree itself through a link.
- virtualenv makes the empty environment of each interpreter, once; its app-data, its seed packages and the
  operator's virtualenv settings are not used. uv fills environments, or pip where there is no uv. pip itself
  is not in them.
- Dependencies come from the lock of the record, with hashes, as wheels: nothing is built, and no script of
  any package runs. Only `import pulumi_policy` runs, once per environment, to compile it.
- The operator decides which indexes, proxies and certificates are used: their variables and files are passed
  on, except for the few that would make a tool write elsewhere.
- Locks are not trusted: a Python lock has one exact version with sha256 per line, an npm lock only packages
  of https registries with an integrity. Indexes, URLs, git, links and paths in a lock are refused before any
  tool reads it.
- If the registry keeps all files that this machine needs for a release, they are installed from there and no
  index is asked; a missing or damaged file is then an error. uv's cache is tried first, as it needs no
  network.
- A pack without `virtualenv` gets `venv`, written into the installed copy of its manifest, because the
  Pulumi CLI runs it with the ambient Python otherwise. `toolchain: uv` without `virtualenv` gets a `.venv`
  that holds the packages themselves, because the Pulumi CLI first runs `uv sync` on it.
- Yanks are asked of the registry at the same time as the bundle is fetched, so an exact install waits for
  two answers, not three. A pack that is installed is not asked about again.
- A tool that fails leaves its whole output in `logs/`, and the error quotes the end of it.
"""
