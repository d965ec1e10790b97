"""All traffic at a glance."""
