-- What became of the requests by counter, by time, by how many came in a window, and of all; `key_set` says which.
SELECT
    key,
    step,
    peak,
    toUInt8(grouping(key, step, peak)) AS key_set,
    sum(judged.requests) AS requests,
    sum(judged.stopped) AS stopped,
    sum(judged.delayed) AS delayed,
    sum(judged.saved_us) AS saved_us,
    max(judged.peak) AS highest,
    minIf(judged.step, judged.stopped > 0) AS first_stopped,
    maxIf(judged.step, judged.stopped > 0) AS last_stopped
FROM
(
    {judged}
) AS judged
GROUP BY GROUPING SETS ((key), (step), (peak), ())
ORDER BY key_set, if(key_set = {by_peak:UInt8}, peak, 0) DESC, stopped DESC, requests DESC, key
LIMIT {most_rows:UInt32} BY key_set
