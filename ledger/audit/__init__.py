"""The auditor: everything that the log claims, derived again by somebody who trusts nothing of its operator.

findings   what was proved, or the first lie with its evidence
source     where the bytes come from
export     the strict format of an export: written, and read byte by byte
tile_source, tile_store, tile_zip   a folder of C2SP tlog-tiles, or a zip of it, as a source
copies     a copy on the disk: an export, a folder of tiles, a zip
auditor    the enforced order of steps over every entry
ahead      lines examined by worker processes, ahead of it
folded, records   the whole state in bounded memory, and the temporary files that hold the rest
older      a checkpoint kept from before
signers    whose lines the checkpoint has, and whose it must have
stated     what the ledger stated about an authority
audit      anchor, entries, tree, checkpoint: from a source to what is proved
restoring  entries that a database lost, brought back from a copy
"""
