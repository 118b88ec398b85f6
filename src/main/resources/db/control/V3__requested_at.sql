-- When a run was first asked for. A run that is resumed after another one was asked for is its job's newest again: its
-- created_at, which orders the runs, then moves, and this is what people see. Null where it has not moved.
ALTER TABLE sluice.run ADD COLUMN requested_at timestamptz;
