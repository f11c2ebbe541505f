"""Everything that the database holds, checked against everything else: for the operator, on a live database.

findings      what was found wrong, where, and how grave it is
reading       what cannot be read is a finding too
merge         two sorted sequences side by side
scratch       a private database on disk
shelf         the folded state in bounded memory
tree          hashes of tiles against entries, and which of the two is wrong
columns       the columns of an entry against its bytes
checkpoints   the signed tree heads as they are stored
cosignatures  what witnesses have signed under them
judges        what is asked of each entry: the auditor's own steps, with the rules or without
walk          the log from its first entry on, one tile of 256 entries at a time
edges         what only the end of the log can tell: the head, rows too many, indexes
folded        the folded states and the kept evidence
server        what PostgreSQL says of its pages, and whether its guards stand
fsck          all of this, once, in order
scrubber      bytes, tree and checkpoints, round and round, in the background
"""
