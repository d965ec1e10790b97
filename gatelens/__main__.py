"""`python -m gatelens` and the `gatelens` command."""

import os

# gRPC's core reads it once, and writes past all that formats a log. Set to ERROR it says why a TLS handshake fails.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

from gatelens.cli import main

if __name__ == "__main__":
    main()
