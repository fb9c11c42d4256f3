"""The objects of a registry: records, publishing, resolving, fetching, yanks, removal, verification.

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
    .packreg/canary, .packreg/probe/…             written to test that the store creates an object only once

Decisions:

- Every object is created once and never overwritten. A release exists when its record exists: bundle
  first, record last. So "used once, never again" is a property of the store, and every crash leaves either
  nothing that a reader can see or a whole release.
- The listing is the index. The keys in one listing of `packs/<name>/` and one of `bundles/<name>/` tell every
  version, removal and yank, so there is no separate index that could be wrong. `latest` is computed, never
  stored.
- An exact version is never read from a listing: record, then bundle, then the tombstone if the bundle is
  gone. Bytes whose size, sha256, identity or manifest differ from the record are an error, never a reason
  to look elsewhere. A removal is complete when the bundle is gone.
- A bundle's key has pack, version and sha256, so packs do not share bundles. A bundle is garbage exactly if
  its version has a record and this names another bundle; to know that takes no clock and no mark phase.
  Bundles of versions without a record are kept for 30 days, as somebody may still be publishing them.
- The dependency lock is in the record, not in the bundle: locks are resolved against an index that changes
  every day, and the same directory must give the same bytes, and so the same identity, for ever.
- Yanks and restores of a release are numbered together: odd numbers yank, even numbers restore. So two people
  who do the same at once write the same key: one creates it, and the other reads that it is done.
- The running pack's metadata is in the record, as values that every reader checks again. So configuring,
  grouping or documenting a pack does not run it. Records without metadata stay valid.
- Seals that are added to a release later lie among its yanks, with numbers of their own, so that the listing
  which every install reads anyway shows them. An older packreg skips these keys; only its `verify` reports
  them.
- Two versions that differ only in case have the same key, and so are the same version.
- Removing leaves the record, so the version stays used, and a removed release cannot be published again, not
  even with the same content: a CI retry must not undo a removal. A record without its bundle counts as
  removed too: no crash leaves one, so somebody deleted the bundle, and perhaps the tombstone. A lost bundle
  can be put back with the store's own tools; the digests prove it.
- Records never change, so readers may cache them forever (`Remembered`). Whether a release is yanked or
  removed is always read from the store. A replica may become a home, so publishing is never refused because
  of a cached role.
- A local directory becomes a registry at its first publish; a bucket needs `init` once, because a person must
  decide that this prefix is a registry.
- No order depends on a clock: changes are numbered (`run_entries` for reports). Times are compared with each
  other and with the store's, and times that cannot be right are reported (`clocks`).
- A replica is filled by the store's own replication of everything but `registry.json` and `.packreg/`;
  packreg never writes to it. Replication is per object, so a record can arrive before its bundle.
- Objects get new members without stopping old readers (`formats`): a reader skips members that it does not
  know, and an edit keeps them. What may not be skipped is a feature in the object's list `needs`; a reader
  that does not know the feature stops and names it. Only the first feature raises the format's number, and
  the user is told before which clients will stop. New members go into a revision's value, never into its
  envelope (`store.chain`).
"""
