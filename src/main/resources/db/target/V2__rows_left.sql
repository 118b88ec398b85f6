-- What batches walked and left: rows that had to change, did not, and are still there (a trigger skipped them), with the
-- key range of the first batch that met one; source rows of an insert that gave no row of their own, and those of them
-- that share the target key with another row of their batch. A worker of the version before writes checkpoints without.
ALTER TABLE sluice.checkpoint ADD COLUMN unchanged bigint DEFAULT 0 NOT NULL;
ALTER TABLE sluice.checkpoint ADD COLUMN unchanged_after text[];
ALTER TABLE sluice.checkpoint ADD COLUMN unchanged_up_to text[];
ALTER TABLE sluice.checkpoint ADD COLUMN collapsed bigint DEFAULT 0 NOT NULL;
ALTER TABLE sluice.checkpoint ADD COLUMN shared_keys bigint DEFAULT 0 NOT NULL;

-- [jooq ignore start]
-- Called within a batch that has changed more than it walked, so that nothing of it is committed.
CREATE FUNCTION sluice.refuse_batch(changed bigint, beyond bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a batch changed % rows, % of them beyond the keys it walked', changed, beyond
    USING ERRCODE = 'SL001';
END $$;

-- Counts by a query, as the rows are now: with a snapshot of its own, which sees what the statement around it has changed
-- and what others have committed meanwhile.
CREATE FUNCTION sluice.count_left(query text, keys jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  found bigint;
BEGIN
  EXECUTE query INTO found USING keys;
  RETURN found;
END $$;
-- [jooq ignore stop]
