"""How a release becomes a directory that the stock Pulumi CLI can run, and what is kept to do it fast.

Not here: what a release is and how it is fetched (`registry`), what a pack is (`pack`). May import both. Told
its environment and its place by the caller; the only room that starts other programs (uv, pip, npm, Python).

    installer        find, fetch, verify, provide, attach, mark, reveal: one release, start to end
    unpacking        a release as packreg runs it: from its bundle, in a `private` directory of the process
    releases         which release is meant, and its verified files, from the registry or from caches
    provision        what a pack needs besides its files, for `installer` and `dev`
    environment      Python environments by content; `skeleton`, `bytecode`, `interpreter` are its parts
    attach           a pack's private environment in front of a shared one
    nodejs           node_modules by content; `npm_lock` reads locks with suspicion
    lock_dependencies, requirements_lock   making and reading locks
    kept_files, kept_wheels, dependency_wheels, dependency_tarballs   what a registry keeps of dependencies
    targets, collecting   the platforms that packs are sealed for, and fetching what is to be kept
    cache, transfer  listing, pruning, and taking caches to a machine without a network
    home, marker, staging, disk, tools     where things are, when they count, how they get there
    trust, contents, sealed, entries       what this user made here, and whether it is as it was

Decisions:

- Nothing has its name before it is whole. Packs, environments and trees are made beside their place and
  renamed; the marker (`.packreg.json`) or `.complete` is the last file inside. Whoever dies leaves a
  directory with another name, which the next holder of the same lock sweeps away. After a power cut, as
  opposed to a killed process, files may be missing that the disk had not written: `install --force` makes
  them anew.
- Nothing in a home is believed because it is there: a checkout, a cache or an image may have brought it. What
  this user made on this machine has a mark, made with a key outside every home over what it holds and where
  it lies; downloads are believed for their digest; all else is made anew. What differs from its list is never
  used: a pack is refused (it may hold somebody's work), an environment is built again.
- What packreg runs itself is not what is installed: it is unpacked for each run, which costs milliseconds.
- One process works on a thing, others wait for it and find it done. Locks are the operating system's, so
  they die with their holder; a file system without them is refused instead of being given a substitute.
- Environments are addressed by lock, interpreter and platform, and shared. A pack's own environment is a
  copy of the interpreter's empty one with one `.pth` line into the store: whatever a tool writes, also `uv
  sync` that rebuilds it with another Python, stays in that pack. A symlink would be written through.
- The store's Python environments stay writable (a run may write a `.pyc`, which says that it is wanted, and
  is compiled again from the source before it counts), node_modules is read-only: Python packs have a layer
  of their own in front, Node.js packs see the tree itself through a link.
- virtualenv makes the empty environment of each interpreter, once; its app-data, seeds and the operator's
  virtualenv settings play no part. uv fills environments, pip where there is no uv. pip itself is not in
  them.
- Dependencies come from the lock of the record, with hashes, as wheels: nothing is built, and no script of
  any package runs. The one thing that runs is `import pulumi_policy`, once per environment, to compile it.
- Which indexes, proxies and certificates are used is the operator's business: their variables and files are
  passed on, except for the few that would make a tool write elsewhere.
- Locks are read as hostile: one exact version with sha256 per line for Python, packages of https registries
  with an integrity for npm. Indexes, URLs, git, links and paths in them are refused before any tool sees
  them.
- A release whose registry keeps all that this machine needs is installed from there, and no index is asked,
  not even where a file is missing or damaged: that is an error. uv's cache is tried first, as it asks nobody.
- A pack without `virtualenv` gets `venv`, written into the installed copy of its manifest, because the
  Pulumi CLI runs it with the ambient Python otherwise. `toolchain: uv` without `virtualenv` gets `.venv`,
  whole, because the Pulumi CLI has uv look at it before everything.
- Yanks are asked of the registry at the same time as the bundle is fetched, so an exact install waits for
  two answers, not three. A pack that is installed is not asked about again.
- A tool that fails leaves its whole output in `logs/`, and the error quotes the end of it.
"""
