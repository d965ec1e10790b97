-- A request of which no gateway tells how long it took counts as 0 µs. A histogram of nothing else tells no latency: a
-- percentile of a microsecond and an Apdex of 1 would be made up.
CREATE OR REPLACE FUNCTION latency_percentile AS (histogram, q) -> if(
    NOT arrayExists(bucket -> bucket >= 0, mapKeys(histogram)),
    NULL,
    exp2((arrayElement(
        mapKeys(histogram),
        arrayFirstIndex(
            reached -> reached >= greatest(1, ceil(q * arraySum(mapValues(histogram)))),
            arrayCumSum(mapValues(histogram))
        )
    ) + 0.5) / 32)
);

CREATE OR REPLACE FUNCTION latency_apdex AS (histogram, threshold_us) -> if(
    NOT arrayExists(bucket -> bucket >= 0, mapKeys(histogram)),
    NULL,
    (latency_count_within(histogram, threshold_us) + latency_count_within(histogram, 4 * threshold_us))
        / 2 / arraySum(mapValues(histogram))
);
