-- The latest changes of state, the latest first: of one rule and one API where they are named.
SELECT
    time,
    rule,
    fingerprint,
    labels,
    state,
    previous_state,
    measure,
    value,
    op,
    threshold,
    severity,
    receiver,
    window_start,
    window_end
FROM alert_history
WHERE ({rule:String} = '' OR rule = {rule:String}) AND ({api:String} = '' OR labels['api'] = {api:String})
ORDER BY time DESC, rule, fingerprint
LIMIT {limit:UInt32}
