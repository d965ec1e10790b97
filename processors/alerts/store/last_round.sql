-- When all rules were evaluated last.
SELECT evaluated_at
FROM alert_rounds FINAL
