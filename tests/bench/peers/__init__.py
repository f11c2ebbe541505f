"""Others that do the nearest thing, measured on the same machine, disk and PostgreSQL; none of them is shipped."""
