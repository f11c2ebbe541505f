"""PostgreSQL: the server, and the log in it.

embedded     run a private PostgreSQL (with cluster, postmaster, runtime, server_process, unprivileged)
schema       the tables, and what the database itself forbids
database     connections, migration, grants
log          read the log, and follow it
application  the log as an application of the event-sourcing library
recorder     append: entries, tiles, folded states and head in one transaction
lookups      what a decision is sure to read, in one query
copying      entries into their table (with binary_copy, of what a row of COPY is made)
finishing    what belongs to them, in one statement
appending    what goes into that transaction, and what comes out
head         how long the log is, and what binds all of it
bundling     what goes into a bundle, read from the log
durable      files that are whole or absent, whenever the power goes
heads        the newest head that was published, apart from the database
tiles        the Merkle tree in its table
checkpoints  the signed tree heads in their table
cosignatures what witnesses said of checkpoints
states       the folded states, for the rules and as stored
evidence     what was signed under an id that was taken
errors       what the store raises
"""
