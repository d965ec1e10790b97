"""Which routes requests belong to: named by documents, or mined from what was asked for."""
