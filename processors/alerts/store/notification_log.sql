-- What channels know of alerts that are not over.
SELECT
    receiver,
    channel,
    group_key,
    firing,
    owed,
    told_at
FROM alert_notification_log FINAL
WHERE notEmpty(firing) OR notEmpty(owed)
