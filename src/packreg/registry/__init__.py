"""What the objects of a registry mean: records, publishing, resolving, fetching, yanks, removal, proof.

Not here: how an object is stored (`store`), what a pack is (`pack`), how a release becomes runnable
(`install`). May import `pack` and `store`.

    registry.json                                 what this registry is; created once by `init`
    packs/<name>/v/<version>                      the record of a release: the commit point
    packs/<name>/x/<version>                      its tombstone, if it was removed
    packs/<name>/y/<version>/<nnnnnn>-yanked      the yanks and restores of it, numbered from 1
    packs/<name>/y/<version>/<nnnnnn>-restored
    packs/<name>/y/<version>/<nnnnnn>-sealed      what was sealed later, numbered from 1 (`seals`)
    bundles/<name>/<version>/<sha256>.tgz         its bundle
    artifacts/<sha256>                            a wheel or npm tarball that releases need (`artifacts`)
    governance/<nnnnnnnnnnnn>.json                policy groups, waivers, settings: a chain of revisions
    environments/<name>/r/<nnnnnnnnnnnn>.json     an environment's definitions, secrets encrypted: a chain
    environments/<name>/t/<nnnnnnnnnnnn>.json     its tags, and the revision that each names: a chain
    reports/<run>/<entity>/<countdown>-<id>.json.gz   what was found when an entity was judged (`reports`)
    runs/<run>/<entity>/<nnnnnnnnnnnn>.json       which of these reports count, and in which order: a chain
    stacks/<stack>/<backend>.json                 which backends have a stack of this name (`holders`)
    transfers/<nnnnnnnnnnnn>.json                 when all was copied here: a chain
    .packreg/canary, .packreg/probe/…             what proves that the store creates exactly once

Decisions:

- Every object is created once and never overwritten. A release exists when its record exists: bundle
  first, record last. So "used once, never again" is a property of the store, and every crash leaves either
  nothing that a reader can see or a whole release.
- The listing is the index. One listing of `packs/<name>/` and one of `bundles/<name>/` tell every version,
  every removal and every yank from the keys alone, so there is no derived index to heal. `latest` is
  computed, never stored.
- An exact version is never read from a listing: record, then bundle, then the tombstone if the bundle is
  gone. Bytes whose size, sha256, identity or manifest differ from the record are an error, never a reason
  to look elsewhere. A removal is complete when the bundle is gone.
- A bundle is keyed by pack, version and sha256, not pooled by content: it is garbage exactly if its version
  is decided and the record names another one, which needs no clock and no mark phase. Bundles of versions
  that nobody decided are kept for 30 days, as somebody may still be publishing them.
- The dependency lock is in the record, not in the bundle: locks are resolved against an index that changes
  every day, and the same directory must give the same bytes, and so the same identity, for ever.
- Yanks count up and their parity is their meaning: odd numbers yank, even numbers restore. Two people who
  edit at once therefore meet at the same key: one creates it, the other learns what it says.
- What the running pack said of itself is in the record, as values that are checked again by every reader:
  who configures, groups or documents a pack needs no process of it. Records without it stay valid.
- What a release was sealed with later lies among its yanks, under numbers of its own: the listing that every
  install asks for anyway tells of it. An older packreg skips these keys, but for `verify`, which says so.
- Two versions that differ only in case have the same key, and so are the same version.
- Removing leaves the record, so the version stays used, and a removed release cannot be published again,
  not even the same content: whoever removed it said why, and that must not be undone by a CI retry. A record
  without its bundle counts as removed too: no crash leaves one, so somebody took the bundle, and perhaps the
  tombstone, away. A bundle that was lost is put back with the store's own tools; the digests prove it.
- Records never change, so readers may remember them for ever (`Remembered`); whether a release is yanked or
  removed is always asked of the store. A replica may be promoted, so publishing is never refused from memory.
- A local directory becomes a registry at its first publish; a bucket needs `init` once, because it takes a
  person who knows it to decide that this prefix is a registry.
- No order rests on a clock: what changes is numbered (`run_entries` for reports). Times are compared with one
  another and with the store's, and what cannot be right is said (`clocks`).
- A replica is filled by the store's own replication of everything but `registry.json` and `.packreg/`;
  packreg never writes to it. Replication is per object, so a record can arrive before its bundle.
- Objects grow without stopping readers (`formats`): a member that a reader does not know is skipped, and kept
  by whoever edits the object; what may not be skipped is a feature in the object's list `needs`, at which a
  reader that does not know it stops, naming it. The format's number is raised by the first feature only,
  after saying which clients then stop. A revision's envelope (`store.chain`) never grows; its value does.
"""
