-- A request is refused where more than the limit came in the window that ends with it, refused ones among them. Of each
-- counter there is one array of all arrivals and of when each is out of the window again, in the order of time: an even
-- number is twice the time at which one leaves, and comes before an odd one, twice the time at which one arrives and one
-- more. The sum of those before is how many are inside.
SELECT
    key,
    {step_of_time} AS step,
    toUInt64(number) AS peak,
    1 AS requests,
    peak > allowed AS stopped,
    0 AS delayed,
    0 AS saved_us
FROM
(
    SELECT
        key,
        allowed,
        intDiv(arrival, 2) AS at,
        number
    FROM
    (
        SELECT
            any(counted.key) AS key,
            any(counted.allowed) AS allowed,
            groupArray(counted.at) AS arrivals,
            arraySort(arrayConcat(arrayMap(at -> at * 2 + 1, arrivals), arrayMap(at -> (at + {per_us:Int64}) * 2, arrivals)))
                AS events,
            arrayCumSum(arrayMap(event -> toInt32(bitAnd(event, 1)) * 2 - 1, events)) AS inside
        FROM {counted} AS counted
        GROUP BY counted.counter, counted.allowed
    )
    ARRAY JOIN
        arrayFilter(event -> bitTest(event, 0), events) AS arrival,
        arrayFilter((number, event) -> bitTest(event, 0), inside, events) AS number
)
