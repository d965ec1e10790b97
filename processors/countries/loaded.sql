-- The file that counts: the last of which all networks are there.
SELECT argMax(file, loaded_at)
FROM networks
WHERE file != ''
