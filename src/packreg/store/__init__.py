"""Objects by key, each created once; and chains of numbered revisions on top of them.

This package knows nothing about packs. Of packreg it may import only `errors`, `files` and `text`. Only `aws`
and `aws_answers` import botocore, only `google_credentials` google-auth, and only `azure_container` and
`azure_answers` the libraries of Azure, when the first client is made.

- `bucket`: the interface of a bucket, whose operations make one attempt each, and the rule for keys
- `memory`, `local` (with `disk` and `mounts`), `s3` (with `aws` and `aws_answers`): the buckets
- `google` (with `google_api`, `google_credentials` and `connections`): the bucket of Google Cloud Storage
- `azure` (with `azure_container`, `azure_errors` and `azure_answers`): the bucket of Azure; `azure_account`
  and `azure_connection`: which account, where it answers, with which secret
- `store`: creates objects exactly once by retrying; reads with a size limit, lists, counts requests
- `chain`: documents that change, as numbered revisions that do not
- `aws`: makes all clients for AWS: buckets, keys, states, inventories; `aws_answers`: what a failure means
- `kms`, `pulumi_kms`: keys from AWS KMS, for secrets of environments and of Pulumi stacks
- `probe`: tests whether a bucket creates exactly once; the canary request before every publish
- `location`, `url`, `variables`: where a registry is; parses that; what variables of the environment add
- `open`: opens the store at a location; `trust`: which server may answer for it
- `silence`: measures how long a store gave no answer

Decisions:

- **One primitive.** An object is created once and never overwritten. Compare-and-swap is not used: several
  stores that create exactly once were measured to lose swaps, and two states with the same bytes can have the
  same ETag.
- **A bucket makes one attempt; the store retries.** To tell its own success from another writer's, the loop
  must know every attempt and its bytes. So no bucket retries a write by itself.
- **The same bytes, until a definitive answer.** After a timeout, a read that finds nothing proves nothing:
  the write may still be under way. If the deadline passes first, the outcome is reported as unknown.
- **No locks, no clocks, no derived index.** Neither a lock object nor a time can stop a delayed request; a
  conditional create can. The store itself answers listings, so they are always current.
- **No emulation.** A store that ignores the condition, or lets two writers succeed, is refused. This is found
  by testing the store, never by its name.
- **Keys mean the same everywhere.** They are lower-case ASCII, without characters that some file system
  treats as equal to others.
- **Network file systems are refused** for writing unless the operator allows them. FUSE is refused too,
  except for the overlay of rootless containers and local disks (`fuseblk`).
- **Written, but never run:** `F_FULLFSYNC` and `statfs` on macOS, and everything for Windows (`os.rename`).
"""
