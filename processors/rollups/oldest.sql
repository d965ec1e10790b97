-- The first time of which tables have rows, 1970 for none. Answered by what each part knows, without reading a row.
SELECT
    (SELECT toDateTime(min(minute), 'UTC') FROM api_1m) AS api_1m,
    (SELECT toDateTime(min(hour), 'UTC') FROM api_1h) AS api_1h,
    (SELECT toDateTime(min(time), 'UTC') FROM api_1d) AS api_1d,
    (SELECT toDateTime(min(time), 'UTC') FROM requests) AS requests
