"""`python -m gatelens` and the `gatelens` command."""

from gatelens.cli import main

if __name__ == "__main__":
    main()
