"""A real Envoy gateway and a real pair of mesh sidecars with traffic through them."""
