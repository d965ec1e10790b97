"""What alerting keeps: states, history, silences, rules of people, notifications."""
