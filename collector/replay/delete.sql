-- Takes the dead letters of a replay away, which are rows of its segment by now.
DELETE FROM dead_letters
WHERE format = {format:String}
    AND (segment_id, toUnixTimestamp64Micro(received_at), hex(sipHash128(body))) IN
    (
        SELECT segment_id, toUnixTimestamp64Micro(received_at), body_hash
        FROM replayed
        WHERE replay = {replay:String}
    )
