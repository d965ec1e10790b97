-- The latest term of some work, zeros and empty texts where there is none yet; and the time of the store.
SELECT
    max(term),
    argMax(holder, term),
    argMax(process, term),
    argMax(tenure, term),
    now64(6, 'UTC')
FROM leases
WHERE name = {name:String}
