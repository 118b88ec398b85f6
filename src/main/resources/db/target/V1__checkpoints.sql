-- What belongs to the rows and must commit with them: wanted state, passes and checkpoints.
-- These tables live in the database that holds the rows.
CREATE SCHEMA IF NOT EXISTS sluice;

-- What is wanted of a run, and its live settings. The checkpoints carry a copy, which each batch reads
-- under its own lock; both are changed in one transaction.
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
  CONSTRAINT run_wanted_wanted CHECK (wanted IN ('running', 'paused', 'stopped'))
);

-- Where everything is stopped there is one row. A batch that began before it was there is kept out by the mark on its
-- checkpoint.
CREATE TABLE sluice.halt (
  id     int         NOT NULL PRIMARY KEY,
  actor  text        NOT NULL,
  at     timestamptz NOT NULL,
  reason text,
  CONSTRAINT halt_one CHECK (id = 1)
);

-- One walk over the rows: the first migration, a sweep, a verification.
CREATE TABLE sluice.pass (
  run_id      uuid        NOT NULL,
  pass        int         NOT NULL,
  kind        varchar(16) NOT NULL,
  condition   text,
  started_at  timestamptz NOT NULL,
  finished_at timestamptz,
  CONSTRAINT pass_pkey PRIMARY KEY (run_id, pass),
  CONSTRAINT pass_kind CHECK (kind IN ('migrate', 'sweep', 'verify', 'orphans'))
);

-- The durable position of a partition, the lane of the run that walks it, and who carries that lane. Keys are the text
-- form of each key column, compared by the database alone.
-- What a checkpoint walks is the relation with this oid, whatever its name is by now; gone means that it was no partition
-- of the table any more before the end was reached.
-- The position is (cursor_key, range_end, stripes, stripe); every batch names the whole of it and the token.
-- range_keys: keys of the range that is being walked in stripes. hot: rows changed in place (heap-only updates).
CREATE TABLE sluice.checkpoint (
  run_id          uuid        NOT NULL,
  pass            int         NOT NULL,
  partition       int         NOT NULL,
  lane            int         NOT NULL,
  carrier         text,
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
  violations      bigint      NOT NULL,
  batches         bigint      NOT NULL,
  done            boolean     NOT NULL,
  gone            boolean     NOT NULL,
  halted          boolean     NOT NULL,
  claimed_at      timestamptz,
  updated_at      timestamptz NOT NULL,
  CONSTRAINT checkpoint_pkey PRIMARY KEY (run_id, pass, partition),
  CONSTRAINT checkpoint_wanted CHECK (wanted IN ('running', 'paused', 'stopped'))
);

-- Who carries a lane of a run, by the last who took it: claims are refused to whoever had it before. The control database
-- says whose turn it is; this is its word where the claims are.
CREATE TABLE sluice.lane_carrier (
  run_id  uuid NOT NULL,
  lane    int  NOT NULL,
  carrier text NOT NULL,
  CONSTRAINT lane_carrier_pkey PRIMARY KEY (run_id, lane)
);

-- [jooq ignore start]
-- One row is updated by every batch: leave room on the page, so that each update is heap-only.
ALTER TABLE sluice.checkpoint SET (fillfactor = 40, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
-- [jooq ignore stop]
