"""The past of the demo: drawn from the model, written as gateways write it, sent as an import is."""
