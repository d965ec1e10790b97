-- A limiter's windows, one after the other: what is over the limit of each is refused.
SELECT
    key,
    {step_of_window} AS step,
    count() AS peak,
    count() AS requests,
    if(count() > allowed, count() - allowed, 0) AS stopped,
    0 AS delayed,
    0 AS saved_us
FROM {counted}
GROUP BY key, counter, allowed, window
