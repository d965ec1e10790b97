-- How many records could not be read in the last minutes.
SELECT count()
FROM dead_letters
WHERE received_at >= now() - INTERVAL 5 MINUTE
