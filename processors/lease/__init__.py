"""Work that only one of several processes may do, on one database."""
