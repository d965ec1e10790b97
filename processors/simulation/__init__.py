"""What a policy that is only planned would have done to the traffic that was recorded."""
