-- The formats of the selected dead letters.
SELECT toString(format) AS name, count() AS records
FROM dead_letters
WHERE ({format:String} = '' OR format = {format:String})
    AND ({reason:String} = '' OR reason = {reason:String})
    AND received_at >= fromUnixTimestamp64Micro({start:Int64}, 'UTC')
    AND received_at < fromUnixTimestamp64Micro({end:Int64}, 'UTC')
GROUP BY name
ORDER BY name
