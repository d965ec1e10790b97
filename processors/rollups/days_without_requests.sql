-- The days of a rollup by day of which there is no request any more. Answered by what parts there are.
SELECT DISTINCT partition
FROM system.parts
WHERE active AND database = currentDatabase() AND table = {rollup:String}
    AND partition NOT IN
    (
        SELECT partition FROM system.parts WHERE active AND database = currentDatabase() AND table = 'requests'
    )
ORDER BY partition
