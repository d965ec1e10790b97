"""What formats have in common: the columns of an access record, lines, payloads."""
