"""Every single bit of an export changed, one at a time: `python -m tests.flips DIR --entries 1000`.

judge       what an audit says of an export in which one line is another, without judging again what comes before
exports     the export whose bits are changed
parts       a part of the work: every bit of some entries, and what was found, kept so that it can be resumed
"""
