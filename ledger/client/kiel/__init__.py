"""The Ukraine Support Tracker of the Kiel Institute, read as what an observer states: `gledger import kiel`.

files forms layouts    a file -> its rows, by the names of its columns
stated values          one row -> what it states, in plain values
surroundings releases  what the rows around it and its release say of it
claims                 rows -> claims with ids and flags, or refusals with reasons
recording              claims compared with the ledger, signed, submitted, receipts verified
account report         what became of each row
"""
