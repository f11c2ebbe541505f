"""Read models, rebuilt from the log: what every guarantor owes, as it was on a day and as it was known at a tree size.

folding                      entries to rows: each entry decided again, by the rules of the ledger itself
tables, generations          where the rows are kept
follower, rebuild, ahead     who writes them, exactly once; the log read ahead by other processes
rows, stored_rows, folded_rows   the state of every stream as it was known at one tree size: in memory, stored, audited
parts, claims, settlement    the arithmetic: what fell due, what was delivered towards it, what is open
obligations, summary, pages  what is answered, every figure with the events behind it
judged, obligations_page     what was judged before, given again while nothing that it rests on has changed
counting, totals, statistics all guarantors together, each unit once, at one time and over time
coverage, upcoming           what is needed and missing, and what is to come (horizon, falling_due)
sanctions, crises, consultations   measures, notifications and clocks at an instant
observed, observed_totals    what third parties say, never a guarantor's figure
timeline                     acts on one thing, in order, and those that wait
conversion                   money in another currency, by a rate that is named
explanation, explained, explaining   an answer with every entry that it follows from: written, verified, found
digests, plain               one digest for each projection, over all of its answers
audit, audited_*, commands   the figures derived again; `gledger audit`, `project`, `rebuild`
"""
