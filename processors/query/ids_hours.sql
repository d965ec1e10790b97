-- The hours that one of the ids is in, or one of the same hash.
SELECT DISTINCT toUInt32(bitAnd(build, 1048575))
FROM id_1h
WHERE {is_of_ids}
    -- As it is partitioned.
    AND toDate(toDateTime(bitAnd(build, 1048575) * 3600, 'UTC'))
        BETWEEN toDate({start:DateTime64(6, 'UTC')}) AND toDate({end:DateTime64(6, 'UTC')})
