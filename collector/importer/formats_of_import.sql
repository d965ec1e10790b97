-- The formats of some segments, that of most records first.
SELECT format
FROM books
WHERE segment_id IN ({{segments}})
GROUP BY format
ORDER BY sum(records) DESC, format
