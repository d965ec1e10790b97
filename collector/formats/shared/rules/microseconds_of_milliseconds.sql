-- More than 30,000 years are no duration, and would overflow to 0 as microseconds.
number -> if(toUInt64OrNull(number) < 1000000000000000, toUInt64OrNull(number) * 1000, NULL)
