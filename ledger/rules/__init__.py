"""What is admitted and what follows: pure functions of the folded state, an act and a time.

compact      the state, one value per stream
history      a stream's acts, each with its standing
streams      which streams an act touches
standing     may this authority sign this act, here and now?
mandates     does its scope reach the categories and the amounts that the act is about?
precedence   of several refusals, the first in the order of the enum
authorities parties instruments commitments deliveries
requirements measures crises rates observations      views, each a fold of one history
schedules direction terms                                   what terms say, when, and whether they are less
instrument_acts commitment_acts delivery_acts requirement_acts measure_acts crisis_acts
rate_acts observation_acts consents corrections disclosures      decisions, by stream
forced       what must follow an act in the same transaction, signed by the service key
decide       Verified -> Admitted | Refused
evolve       Admitted -> the changed states
memory       the state in memory
remembered   views that were worked out before, by what they weigh
given        the same of a part of a log
"""
