-- The tables, the largest first.
SELECT
    table,
    sum(parts.rows) AS rows,
    sum(bytes_on_disk) AS bytes,
    sum(data_uncompressed_bytes) / greatest(sum(data_compressed_bytes), 1) AS compression,
    count() AS parts
FROM system.parts AS parts
WHERE active AND database = currentDatabase() AND NOT startsWith(table, 'schema')
GROUP BY table
ORDER BY bytes DESC, table
