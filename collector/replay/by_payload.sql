-- Of each payload of a file, told by when it was received: why a record of it is a dead letter, '' where none is.
SELECT
    toUnixTimestamp64Micro(ingested_at) AS received_at,
    anyIf(if(reason = '', 'unknown', toString(reason)), destination = 'dead_letters') AS why
FROM
(
{{rows}}
)
GROUP BY received_at
