-- Changes of state within a window, the earliest first, and before them when what fired at its start had begun to.
SELECT
    time,
    rule,
    fingerprint,
    labels,
    state,
    value,
    severity
FROM
(
    SELECT
        time,
        rule,
        fingerprint,
        labels,
        toString(state) AS state,
        value,
        severity
    FROM alert_history
    WHERE time >= {start:DateTime64(3, 'UTC')} AND time < {end:DateTime64(3, 'UTC')}
    UNION ALL
    SELECT
        maxIf(h.time, h.state = 'firing' AND h.previous_state != 'recovering'),
        h.rule,
        h.fingerprint,
        argMax(h.labels, h.time),
        'firing',
        argMax(h.value, h.time),
        argMax(h.severity, h.time)
    FROM alert_history AS h
    WHERE h.time < {start:DateTime64(3, 'UTC')}
    GROUP BY h.rule, h.fingerprint
    HAVING argMax(h.state, h.time) IN ('firing', 'recovering')
)
ORDER BY time, rule, fingerprint
