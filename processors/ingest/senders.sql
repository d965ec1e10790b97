-- Who has sent what, by what became of it: records a second and when the last came. Received between two moments, which
-- are not far apart: what happened long before is looked for as far back as `happened_since`.
SELECT
    format,
    environment,
    gateway,
    sum(found) AS records,
    records / {seconds:Float64} AS per_second,
    max(newest) AS last_seen
FROM
(
    SELECT format, environment, gateway, count() AS found, max(ingested_at) AS newest
    FROM requests
    WHERE ingested_at >= {start:DateTime64(6, 'UTC')} AND ingested_at < {end:DateTime64(6, 'UTC')}
        AND time >= {happened_since:DateTime64(6, 'UTC')}
    GROUP BY format, environment, gateway
    UNION ALL
    SELECT format, environment, gateway, count(), max(ingested_at)
    FROM logs
    WHERE ingested_at >= {start:DateTime64(6, 'UTC')} AND ingested_at < {end:DateTime64(6, 'UTC')}
        AND time >= {happened_since:DateTime64(6, 'UTC')}
    GROUP BY format, environment, gateway
    UNION ALL
    SELECT format, environment, gateway, count(), max(ingested_at)
    FROM metrics
    WHERE ingested_at >= {start:DateTime64(6, 'UTC')} AND ingested_at < {end:DateTime64(6, 'UTC')}
        AND time >= {happened_since:DateTime64(6, 'UTC')}
    GROUP BY format, environment, gateway
    UNION ALL
    SELECT format, environment, gateway, count(), max(ingested_at)
    FROM spans
    WHERE ingested_at >= {start:DateTime64(6, 'UTC')} AND ingested_at < {end:DateTime64(6, 'UTC')}
        AND time >= {happened_since:DateTime64(6, 'UTC')}
    GROUP BY format, environment, gateway
    UNION ALL
    SELECT format, environment, gateway, count(), max(received_at)
    FROM dead_letters
    WHERE received_at >= {start:DateTime64(6, 'UTC')} AND received_at < {end:DateTime64(6, 'UTC')}
    GROUP BY format, environment, gateway
)
GROUP BY format, environment, gateway
ORDER BY records DESC, format, environment, gateway
LIMIT {most:UInt32}
