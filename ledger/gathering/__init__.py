"""What a log does with witnesses: it asks them about its newest checkpoint, and publishes what meets its policy.

published   a checkpoint with the lines of witnesses that verify, if they suffice
standing    how a witness stands, and whether the quorum does
asked       one witness: when to ask it, and what its answer changes
gatherer    rounds over all of them, in a thread of their own
"""
