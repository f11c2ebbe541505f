"""A witness over HTTP (C2SP tlog-witness): requests for one log wait for each other, those for different logs do not.

app       routes, limits, headers
serving   the server of one process
"""
