"""The builder of usage reports."""
