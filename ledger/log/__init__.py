"""The tamper-evident log, as bytes: what is appended, hashed, signed and proved. Pure: no clock, no input or output.

entry        the bytes of one entry, chained by SHA-256
tiles        where a hash lies: tiles of 256, their widths and their paths
entry_bundle up to 256 entries in a row, as they are served
tree         RFC 6962 hashes and the right edge that grows by appending
proofs       inclusion and consistency, from tiles and for verifiers
subtrees     leaves in a row that are a node of larger trees, for verifiers
messages     what a cosigner signs of a checkpoint
note         C2SP signed notes and their keys
cosignature  C2SP tlog-cosignature: a key saw a checkpoint at a time
checkpoint   the signed size and root of the tree
policy       C2SP tlog-policy: which logs and witnesses make a checkpoint good
receipt      C2SP tlog-proof: entry, position and checkpoint in one text
bundle       an act, whose keys signed it, and the proofs for both in one text
statement    which act of an authority is the last one in a tree, signed by the ledger
cbor         deterministic CBOR, and nothing else
cose         COSE_Sign1 and the log's keys in COSE
cose_receipt RFC 9942: entry and position in one tree, in CBOR
errors       what is raised when any of these is not what it claims to be
"""
