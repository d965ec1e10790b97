"""Who may read and send: what stands around every port."""
