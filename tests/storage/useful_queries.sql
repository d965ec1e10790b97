SELECT 1;

SELECT count() FROM requests WHERE time > now() - INTERVAL 1 HOUR;

WITH recent AS (SELECT * FROM requests WHERE time > now() - INTERVAL 1 DAY) SELECT api, count() FROM recent
GROUP BY api;

SELECT r.api, d.body FROM requests AS r LEFT JOIN dead_letters AS d ON d.segment_id = r.segment_id LIMIT 10;

SELECT api, row_number() OVER (PARTITION BY api ORDER BY time) AS n, lagInFrame(status) OVER (PARTITION BY api
ORDER BY time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM requests;

SELECT api, sum(requests) OVER w FROM api_1m WINDOW w AS (PARTITION BY api ORDER BY minute);

SELECT flag, count() FROM requests ARRAY JOIN splitByChar(',', response_flags) AS flag GROUP BY flag;

SELECT quantiles(0.5, 0.95, 0.99)(duration_us) FROM requests;

SELECT api, quantileTDigest(0.99)(duration_us) AS p99, countIf(status >= 500) AS errors, uniq(client_address)
FROM requests GROUP BY api WITH ROLLUP HAVING errors > 0 ORDER BY p99 DESC LIMIT 5 BY api LIMIT 10;

SELECT latency_percentile(sumMap(latency), 0.99) FROM usage_1m;

SELECT toStartOfInterval(time, INTERVAL 5 MINUTE) AS t, count() FROM requests GROUP BY t ORDER BY t WITH FILL
STEP INTERVAL 5 MINUTE;

SELECT attributes['server.address'], mapKeys(attributes) FROM requests LIMIT 1;

SELECT * EXCEPT (attributes) FROM requests LIMIT 1;

SELECT * REPLACE (lower(api) AS api) FROM requests LIMIT 1;

SELECT COLUMNS('^api') FROM requests LIMIT 1;

SELECT api FROM requests WHERE api IN (SELECT api FROM api_1h WHERE requests > 10) UNION ALL SELECT 'x' UNION
DISTINCT SELECT 'y';

SELECT api FROM requests INTERSECT SELECT api FROM api_1h EXCEPT SELECT '';

SHOW TABLES;

DESCRIBE requests;

DESC TABLE requests;

SHOW CREATE TABLE requests;

SHOW COLUMNS FROM requests;

EXPLAIN SELECT count() FROM requests;

EXPLAIN PIPELINE SELECT count() FROM requests;

EXPLAIN SYNTAX SELECT 1;

SELECT name, type FROM system.columns WHERE table = 'requests';

SELECT sum(bytes_on_disk) FROM system.parts WHERE active;

SELECT number FROM numbers(10);

SELECT number FROM system.numbers LIMIT 3;

SELECT 'a; b -- no comment /* */', 'quo''te', '\\', 'ü🚀', 'line
break';

SELECT /* a comment */ 1 -- and another;

FROM requests SELECT count();

SELECT api, groupArray(10)(path), argMax(path, time), topK(3)(route) FROM requests GROUP BY ALL;

SELECT CASE WHEN status < 400 THEN 'ok' WHEN status < 500 THEN 'client' ELSE 'server' END AS class, count()
FROM requests GROUP BY class;

SELECT status BETWEEN 200 AND 299, path LIKE '/a%', NOT has([1,2], 1), (1, 'x').2, [1,2,3][1], CAST('7' AS
UInt8), '7'::UInt8, date_diff('day', now(), now()), extract(path, 'a(b)') FROM requests LIMIT 1;

SELECT JSONExtractString('{"a":"b"}', 'a'), replaceRegexpAll('abc', 'b', 'x'), formatDateTime(now(),
'%Y-%m-%d'), formatReadableSize(1e9);

SELECT sumIf(requests, status_5xx > 0) / sum(requests) FROM usage_1h WHERE hour >= toStartOfDay(now());

SELECT u.api FROM usage_requests u ASOF LEFT JOIN api_1m m ON u.api = m.api AND u.time >= m.minute;

SELECT a.api FROM requests a, requests b WHERE a.request_id = b.request_id AND a.api = b.api LIMIT 1;

SELECT * FROM values('a UInt8, b String', (1, 'x'), (2, 'y'));

SELECT DISTINCT ON (api) api, path FROM requests;

SELECT anyLast(api), avgOrNull(duration_us), quantileExactIf(0.5)(duration_us, status = 200),
uniqExactIf(path, status = 200) FROM requests;

SELECT 'a b';

SELECT countMerge(s) FROM (SELECT countState() AS s FROM requests);

SELECT count() FROM requests WHERE (api, status) IN (('a', 200), ('b', 500));

SELECT (SELECT count() FROM requests) AS n;

SELECT 1 AS `weird name (children 2)`;

EXPLAIN PLAN SELECT count() FROM requests;

EXPLAIN QUERY TREE SELECT 1;

WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 10) SELECT sum(n) FROM t;
