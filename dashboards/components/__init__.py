"""What pages are made of: panels, tables, charts, notices."""
