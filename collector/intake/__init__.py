"""The one door from receivers to the spool: stamp, count, retry, off-load."""
