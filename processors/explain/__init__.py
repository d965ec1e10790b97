"""Which values of which dimensions carry a change in traffic, ranked by contribution and surprise."""
