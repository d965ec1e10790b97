-- The channels that have taken nothing of late: in how many rounds in a row, and when the last of these was.
SELECT
    receiver,
    channel,
    uniqExactIf(time, time > taken) AS rounds,
    max(time) AS last
FROM
(
    SELECT
        receiver,
        channel,
        time,
        outcome,
        maxIf(time, outcome = 'delivered') OVER (PARTITION BY receiver, channel) AS taken
    FROM alert_deliveries
    WHERE time > (SELECT max(time) FROM alert_deliveries) - INTERVAL 1 DAY
)
WHERE outcome = 'failed'
GROUP BY receiver, channel
HAVING rounds > 0
