-- The lines of text payloads. The body must not be kept with the lines: it would be copied for each of them.
SELECT
    received_at,
    payload_environment,
    payload_gateway,
    peer,
    line
FROM
(
    SELECT
        received_at,
        payload_environment,
        payload_gateway,
        peer,
        arrayJoin(arraySplit((text, number) -> number % 16384 = 0, pieces, arrayEnumerate(pieces))) AS run
    FROM
    (
        SELECT received_at, payload_environment, payload_gateway, peer, splitByChar('\n', body) AS pieces
        FROM ({{inner}})
    )
)
ARRAY JOIN run AS line
WHERE line NOT IN ('', '\r')
