-- As fixed windows, but what is over the limit is tried again in a later one: each attempt is a layer on
-- top. `over` is what has no room yet, `room` what a window has left.
SELECT
    key,
    {step_of_window} AS step,
    requests AS peak,
    requests,
    over AS stopped,
    waiting AS delayed,
    0 AS saved_us
FROM {attempts}
