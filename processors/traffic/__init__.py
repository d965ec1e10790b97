"""Questions about traffic: (store, window, filters) in, a frame out. Each request is counted once."""
