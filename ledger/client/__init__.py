"""The party's side: what is drafted, signed and submitted, and what comes back.

draft                          an act before it is signed, and its exact bytes
toml draft_files skeleton      drafts as people write them
opening cosign                 the act that opens a ledger; more signatures on an act
workspace                      where keys, acts and receipts are kept
envelope_files                 signed acts in files
answers errors                 what the ledger's interface says, as values and exceptions
connection http                the interface over HTTP
decoding watched_socket        an answer is bounded, in bytes and in time, whatever a server does
proof export source            what receipts prove; a checked copy of the log; a server as the source of an audit
bundle standing                what bundles prove; whose keys signed, and whether their mandate stood
statements                     every act of an authority, none missing
tile_log tile_folder           a log as C2SP tlog-tiles: at an address, in a folder that grows
tile_copy tile_archive         from the one to the other, checked; the folder as one file
fork mirror                    two tree heads that cannot both be true; whose log a mirror is for
scenario_files                 a directory of TOML files -> their tables, each with its place
scenario_steps                 one table -> the acts that it stands for
scenario                       the acts of a whole scenario, in an order in which they can be submitted
demo_keys demo_acts            who signs for the parties of a demonstration, and their acts
demo_submission demo           a scenario signed and submitted as its parties would
caught_up                      waiting until answers know what was submitted
witnessed_scenes               a demonstration with witnesses
drill_script drill_words       an exercise on a demonstration: who does what, and in a few words
drill_scenes drill             the exercise while it is held, scene by scene
kiel/                          a third party's table, imported as an observer's claims
sealing                        a confidential value, its salt and its digest
"""
