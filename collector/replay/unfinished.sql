-- Replays that a stop has interrupted, the oldest first.
SELECT replay, format, read_as, records, state, begun_at
FROM replays FINAL
WHERE state != 'done'
ORDER BY begun_at, replay
