"""How long a test waits for what must become true.

No test proves anything by it: it only ends one that would wait for ever. So it is long enough for a machine that is
ten times as slow as one that tests are written on.
"""

# Of processes, of what they store, and of their answers.
PATIENCE = 300.0
# Of a page.
PATIENCE_MS = 120_000.0
