-- Requests that could be answered from a cache, by what they ask for; what none of them could, together as ''. An answer is
-- kept from the request that fetched it until its time is over, however often it is asked for. Time is counted in slots, 64
-- to a block, which is as long as an answer is kept: at most one is fetched in a block, and `mask` has a bit for each of its
-- slots in which it was asked for. What is asked for all the time has as many blocks as the window has, not as requests.
SELECT
    if(saved = 0, '', resource_key) AS key,
    toDateTime(0, 'UTC') AS step,
    0 AS peak,
    requests,
    saved AS stopped,
    0 AS delayed,
    toUInt64(saved * upstream_us) AS saved_us
FROM
(
    SELECT
        any(if(is_kept, concat(seen.method, ' ', seen.path), '')) AS resource_key,
        count() AS requests,
        sum(ifNull(seen.upstream_us, ifNull(seen.duration_us, 0))) / requests AS upstream_us,
        arrayCompact(arraySort(groupArrayIf(intDiv(toUnixTimestamp64Micro(seen.time), {slot_us:Int64}), is_kept))) AS slots,
        arraySplit((slot, block) -> block != 0, slots, arrayDifference(arrayMap(slot -> intDiv(slot, 64), slots))) AS blocks,
        arrayFold(
            (state, block, mask) -> if(
                bitShiftRight(mask, greatest(state.1 - block, 0)) = 0 OR state.1 - block > 63,
                state,
                (
                    -- The first bit that is set from there on.
                    block + 64 + greatest(state.1 - block, 0) + bitCount(bitXor(
                        bitShiftRight(mask, greatest(state.1 - block, 0)),
                        bitShiftRight(mask, greatest(state.1 - block, 0)) - 1
                    )) - 1,
                    state.2 + 1
                )
            ),
            arrayMap(block -> intDiv(block[1], 64) * 64, blocks),
            arrayMap(block -> toUInt64(arraySum(slot -> bitShiftLeft(toUInt64(1), slot % 64), block)), blocks),
            (toInt64(0), toUInt64(0))
        ).2 AS fetched,
        if(empty(slots), 0, requests - fetched) AS saved
    FROM
    (
        SELECT
            api, method, path, time, upstream_us, duration_us,
            method IN ('GET', 'HEAD') AND status BETWEEN 200 AND 299 AS is_kept
        FROM usage_requests AS seen
        WHERE {where}
    ) AS seen
    GROUP BY if(is_kept, cityHash64(seen.api, seen.method, seen.path), 0)
)
