-- What is left of the dead letters of a replay, as in letters.sql.
SELECT
    toUnixTimestamp64Micro(received_at) AS moment,
    segment_id,
    format,
    hex(sipHash128(body)) AS body_hash,
    base64Encode(any(body)) AS content,
    any(reason) AS why,
    arraySort(groupArray((environment, gateway, peer))) AS origins
FROM dead_letters
WHERE format = {format:String}
    AND (segment_id, toUnixTimestamp64Micro(received_at), body_hash) IN
    (
        SELECT segment_id, toUnixTimestamp64Micro(received_at), body_hash
        FROM replayed
        WHERE replay = {replay:String}
    )
GROUP BY received_at, segment_id, format, body_hash
ORDER BY received_at, segment_id, body_hash
