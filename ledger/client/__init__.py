"""The party's side: what is drafted, signed and submitted.

draft             an act before it is signed, and its exact bytes
scenario_files    a directory of TOML files -> their tables, each with its place
scenario_steps    one table -> the acts that it stands for
scenario          the acts of a whole scenario, in an order in which they can be submitted
"""
