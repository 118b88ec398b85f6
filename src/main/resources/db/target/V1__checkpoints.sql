-- What belongs to the rows and must commit with them: wanted state, passes and checkpoints.
-- These tables live in the database that holds the rows.

-- What is wanted of a run, and its live settings. The checkpoints carry a copy, which each batch reads
-- under its own lock; both are changed in one transaction.
-- search_path and time_zone are what the database and the role gave when the run began: what its SQL means stays the same
-- to its end.
-- No batch of the run begins before change_until: while settings are being changed, the change waits for the batches in
-- flight, and those of all lanes end together. After that moment batches begin again, whatever became of the change.
CREATE TABLE sluice.run_wanted (
  run_id            uuid        NOT NULL PRIMARY KEY,
  job               varchar(63) NOT NULL,
  fingerprint       varchar(64) NOT NULL,
  wanted            varchar(16) NOT NULL,
  target_millis     int         NOT NULL,
  batch_size        int         NOT NULL,
  rows_per_second   int,
  wal_per_hour      bigint,
  cores             double precision,
  system_identifier varchar(32) NOT NULL,
  database_name     varchar(63) NOT NULL,
  changed_at        timestamptz NOT NULL,
  change_until      timestamptz,
  search_path       text        NOT NULL,
  time_zone         text        NOT NULL,
  CONSTRAINT run_wanted_wanted CHECK (wanted IN ('running', 'paused', 'stopped'))
);

-- Where everything is stopped there is one row. A batch that began before it was there is kept out by the mark on its
-- checkpoint.
CREATE TABLE sluice.database_stop (
  id     int         NOT NULL PRIMARY KEY,
  actor  text        NOT NULL,
  at     timestamptz NOT NULL,
  reason text,
  CONSTRAINT database_stop_one CHECK (id = 1)
);

-- One walk over the rows: the first migration, a sweep, a verification.
-- A verification may take several passes: one over the table as it was, and one over each partition that was attached
-- since. Together they are one round, known by the number of its first pass; null for passes that change rows.
CREATE TABLE sluice.pass (
  run_id      uuid        NOT NULL,
  pass        int         NOT NULL,
  kind        varchar(16) NOT NULL,
  condition   text,
  round       int,
  started_at  timestamptz NOT NULL,
  finished_at timestamptz,
  CONSTRAINT pass_pkey PRIMARY KEY (run_id, pass),
  CONSTRAINT pass_kind CHECK (kind IN ('migrate', 'sweep', 'verify', 'orphans'))
);

-- The durable position of a partition, the lane of the run that walks it, and who owns that lane. Keys are the text
-- form of each key column, compared by the database alone.
-- What a checkpoint walks is the relation with this oid, whatever its name is by now; gone means that it was no partition
-- of the table any more before the end was reached.
-- The position is (cursor_key, range_end, stripes, stripe); every batch names the whole of it and the token.
-- unchanged: rows that had to change, did not, and are still there (a trigger skipped them), with the key range of the
-- first batch that met one. collapsed: source rows of an insert that gave no row of their own; shared_keys: those of them
-- that share the target key with another row of their batch.
-- range_keys: keys of the range that is being walked in stripes. hot: rows changed in place (heap-only updates).
CREATE TABLE sluice.checkpoint (
  run_id          uuid        NOT NULL,
  pass            int         NOT NULL,
  partition       int         NOT NULL,
  lane            int         NOT NULL,
  owner           text,
  relation        text        NOT NULL,
  relation_oid    bigint      NOT NULL,
  key_columns     text[]      NOT NULL,
  token           uuid        NOT NULL,
  wanted          varchar(16) NOT NULL,
  target_millis   int         NOT NULL,
  batch_size      int         NOT NULL,
  rows_per_second int,
  wal_per_hour    bigint,
  cores           double precision,
  lower_key       text[],
  upper_key       text[],
  cursor_key      text[],
  range_end       text[],
  stripes         int         NOT NULL,
  stripe          int         NOT NULL,
  range_keys      int,
  scanned         bigint      NOT NULL,
  changed         bigint      NOT NULL,
  hot             bigint      NOT NULL,
  matching        bigint      NOT NULL,
  unchanged       bigint      DEFAULT 0 NOT NULL,
  unchanged_after text[],
  unchanged_up_to text[],
  collapsed       bigint      DEFAULT 0 NOT NULL,
  shared_keys     bigint      DEFAULT 0 NOT NULL,
  violations      bigint      NOT NULL,
  batches         bigint      NOT NULL,
  done            boolean     NOT NULL,
  gone            boolean     NOT NULL,
  database_stopped boolean    NOT NULL,
  claimed_at      timestamptz,
  updated_at      timestamptz NOT NULL,
  CONSTRAINT checkpoint_pkey PRIMARY KEY (run_id, pass, partition),
  CONSTRAINT checkpoint_wanted CHECK (wanted IN ('running', 'paused', 'stopped'))
);

-- The owner of each lane of a run: the worker that took it last. Claims of earlier owners are refused. The control
-- database decides who owns a lane; this copy lies beside the claims.
CREATE TABLE sluice.lane_owner (
  run_id uuid NOT NULL,
  lane   int  NOT NULL,
  owner  text NOT NULL,
  CONSTRAINT lane_owner_pkey PRIMARY KEY (run_id, lane)
);

-- [jooq ignore start]
-- One row is updated by every batch: leave room on the page, so that each update is heap-only.
ALTER TABLE sluice.checkpoint SET (fillfactor = 40, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
-- [jooq ignore stop]

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
