-- Whether a clock can be believed.
{{1}} BETWEEN received_at - INTERVAL {{retention_days}} DAY AND received_at + INTERVAL 10 MINUTE
