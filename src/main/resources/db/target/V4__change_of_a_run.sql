-- While the settings of a run are being changed, no batch of it begins: the change waits for the batches in flight, and
-- those of all lanes end together. Past this moment batches begin again, whatever became of the change.
ALTER TABLE sluice.run_wanted ADD COLUMN change_until timestamptz;
