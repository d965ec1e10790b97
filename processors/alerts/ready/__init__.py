"""Ready rules, off until a rule file chooses them; a new pack is a file here and its name in PACKS of packs.py."""
