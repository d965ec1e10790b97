-- What a measure counts of each request of both windows, or of a sample, with its value of each dimension.
-- Larger blocks than usual: of each, few rows are left, and what a block costs is more than these.
SELECT
    {columns},
    {is_after} AS is_after,
    toFloat64({weight} * ({numerator})) AS counted,
    toFloat64({weight} * ({denominator})) AS counted_of
FROM usage_requests AS seen
WHERE {where} AND ({within}) AND {sampled}
SETTINGS output_format_arrow_low_cardinality_as_dictionary = 1, max_block_size = 262144, preferred_block_size_bytes = 0
