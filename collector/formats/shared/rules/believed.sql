-- Whether a clock can be believed.
if({{1}} < received_at - INTERVAL {{retention_days}} DAY, 0, {{1}} <= received_at + INTERVAL 10 MINUTE)
