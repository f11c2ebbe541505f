"""The tamper-evident log, as bytes: what is appended, hashed, signed and proved. Pure: no clock, no input or output.

entry        the bytes of one entry, chained by SHA-256
tiles        where a hash lies: tiles of 256, their widths and their paths
tree         RFC 6962 hashes and the right edge that grows by appending
proofs       inclusion and consistency, from tiles and for verifiers
note         C2SP signed notes and their keys
checkpoint   the signed size and root of the tree
receipt      C2SP tlog-proof: entry, position and checkpoint in one text
errors       what is raised when any of these is not what it claims to be
"""
