-- More than 30,000 years are no duration, and would begin anew at 0 as microseconds.
told -> if(toUInt64OrNull(told) < 1000000000000000, toUInt64OrNull(told) * 1000, NULL)
