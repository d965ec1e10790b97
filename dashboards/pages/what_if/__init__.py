"""What if: a policy that is only planned, and the same API through two gateways."""
