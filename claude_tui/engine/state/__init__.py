"""What has been counted: a store is the books with a lock over them; `intake` and `remembered` say what comes in.

`rows` and `sums` are what the books are made of, `unlogged` and `telemetry` the rules for what no log shows,
and `reconciling` keeps the books level with those.

Must not read files, know clocks or answer questions.
"""
