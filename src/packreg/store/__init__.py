"""Objects by key, each created once; and chains of numbered revisions on top of them.

This package knows nothing of packs. It may import the ground (`errors`, `files`, `text`) and nothing else of
packreg; only `aws` and `aws_answers` import botocore, and only when the first client is made.

- `bucket`: what a bucket is, the raw verbs with one attempt each, and the rule for keys
- `memory`, `local` (with `disk` and `mounts`), `s3` (with `aws` and `aws_answers`): the buckets
- `store`: the loop that makes creation exact, bounded reads, listings, a count of requests
- `chain`: documents that change, as revisions that do not
- `aws`: the one way to AWS, for buckets, keys, states and inventories; `aws_answers`: what a failure means
- `kms`: keys for what is encrypted before it is stored
- `probe`: whether a bucket keeps the promise, and the canary in front of every publish
- `url`: where a registry is

Decisions:

- **One primitive.** An object is created once and never overwritten. Compare-and-swap is not used: several
  stores that create exactly once were measured to lose swaps, and an ETag can come back with the same bytes.
- **One attempt below, one loop above.** Only whoever knows every attempt and its bytes can tell an own
  success from somebody else's, so no bucket tries a write again by itself.
- **The same bytes, until a definitive answer.** After a timeout a read that finds nothing proves nothing:
  the write may still be on its way. When the deadline passes first, the outcome is reported as unknown.
- **No locks, no clocks, no derived index.** Neither a lock object nor a time can hold back a delayed request;
  a conditional create can. Listings are answered by the store and are always current.
- **No emulation.** A store that ignores the condition, or lets two writers through, is refused, by trying it
  and never by its name.
- **Names that mean the same everywhere.** Keys are lower-case ASCII without anything a file system folds.
- **Network file systems are refused** for writing unless the operator insists. FUSE is refused too, except
  for the overlay of rootless containers and local disks (`fuseblk`).
- **Written and never run:** `F_FULLFSYNC` and `statfs` of macOS, the whole way of Windows (`os.rename`).
"""
