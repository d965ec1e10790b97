"""The APIs there are: what documents and owners say of them, and what traffic says."""
