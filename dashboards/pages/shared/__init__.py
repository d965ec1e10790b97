"""What several pages have: panels, lists, figures."""
