"""Who uses the APIs: names, teams, quotas, who is new, who grows and who is gone."""
