"""What policies did: violations by kind, whom they hit, and what caches answered."""
