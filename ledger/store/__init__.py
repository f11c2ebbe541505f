"""PostgreSQL: the server, and the log in it."""
