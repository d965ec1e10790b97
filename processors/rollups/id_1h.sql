-- One column after the other: an id that is both has two rows, which costs less than to compare the two.
INSERT INTO id_1h (id_hash, build)
SELECT
    id_hash(request_id) AS id_hash,
    bitShiftLeft({number:UInt64}, 20) + intDiv(toUnixTimestamp(time), 3600) AS build
FROM requests
WHERE time >= {start:DateTime64(6, 'UTC')} AND time < {end:DateTime64(6, 'UTC')}
    -- The order key holds the hour, and ClickHouse does not work it out from the time.
    AND toStartOfHour(time) >= {start:DateTime64(6, 'UTC')} AND toStartOfHour(time) < {end:DateTime64(6, 'UTC')}
    AND request_id != ''
UNION ALL
SELECT
    id_hash(trace_id) AS id_hash,
    bitShiftLeft({number:UInt64}, 20) + intDiv(toUnixTimestamp(time), 3600) AS build
FROM requests
WHERE time >= {start:DateTime64(6, 'UTC')} AND time < {end:DateTime64(6, 'UTC')}
    AND toStartOfHour(time) >= {start:DateTime64(6, 'UTC')} AND toStartOfHour(time) < {end:DateTime64(6, 'UTC')}
    AND trace_id != ''
