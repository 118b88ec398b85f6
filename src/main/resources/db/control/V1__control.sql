-- Runs, events, idempotency keys, workers and what they hold. These tables live in the control database.

-- requested_at: when a run was first asked for. A run that is resumed after another one was asked for is its job's newest
-- again: its created_at, which orders the runs, then moves, and requested_at is what people see. Null where it has not
-- moved.
CREATE TABLE sluice.run (
  id                uuid        NOT NULL PRIMARY KEY,
  job               varchar(63) NOT NULL,
  database          varchar(63) NOT NULL,
  fingerprint       varchar(64) NOT NULL,
  definition        text        NOT NULL,
  state             varchar(16) NOT NULL,
  resume_state      varchar(16),
  pass              int         NOT NULL,
  sweeps            int         NOT NULL,
  again             boolean     NOT NULL,
  estimated_rows    bigint,
  requested_by      text        NOT NULL,
  trigger           varchar(16) NOT NULL,
  system_identifier varchar(32),
  database_name     varchar(63),
  timeline          int,
  failure           text,
  evidence          text,
  created_at        timestamptz NOT NULL,
  requested_at      timestamptz,
  started_at        timestamptz,
  finished_at       timestamptz,
  verified_at       timestamptz,
  CONSTRAINT run_state CHECK (state IN
    ('queued', 'running', 'paused', 'verifying', 'sweeping', 'succeeded', 'incomplete', 'failed', 'cancelled'))
);

-- [jooq ignore start]
-- No question about the newest run reads all runs ever.
CREATE INDEX run_job_newest ON sluice.run (job, created_at DESC, id);
CREATE INDEX run_newest ON sluice.run (created_at DESC, id);

-- One live run per job, whatever the code does.
CREATE UNIQUE INDEX run_one_live_per_job ON sluice.run (job)
  WHERE state IN ('queued', 'running', 'paused', 'verifying', 'sweeping');
-- [jooq ignore stop]

-- The batches a run may have in flight at a time. Lane 0 also conducts the run and is there as long as the run is; the
-- others come and go with their work. A lane without a sign of life is taken by another worker.
CREATE TABLE sluice.lane (
  run_id          uuid        NOT NULL REFERENCES sluice.run (id),
  lane            int         NOT NULL,
  owner           text,
  rows_per_second double precision,
  next_batch_size int,
  stripes         int,
  pace            double precision,
  hold            text,
  wanted_at       timestamptz NOT NULL,
  heartbeat_at    timestamptz,
  CONSTRAINT lane_pkey PRIMARY KEY (run_id, lane)
);

-- [jooq ignore start]
-- Each lane's row is updated at every sign of life: leave room on the page.
ALTER TABLE sluice.lane SET (fillfactor = 50);
-- [jooq ignore stop]

-- Where the time of a run's lanes went, together.
CREATE TABLE sluice.run_time (
  run_id          uuid             NOT NULL PRIMARY KEY,
  working_seconds double precision NOT NULL,
  paced_seconds   double precision NOT NULL,
  held_seconds    double precision NOT NULL
);

-- [jooq ignore start]
-- Updated at every sign of life.
ALTER TABLE sluice.run_time SET (fillfactor = 50);
-- [jooq ignore stop]

-- Where all runs are stopped there is one row. It is what counts; sluice.database_stop in each target keeps the batches out.
CREATE TABLE sluice.stop_all (
  id     int         NOT NULL PRIMARY KEY,
  actor  text        NOT NULL,
  at     timestamptz NOT NULL,
  reason text,
  CONSTRAINT stop_all_one CHECK (id = 1)
);

CREATE TABLE sluice.idempotency_key (
  key        varchar(255) NOT NULL PRIMARY KEY,
  request    varchar(64)  NOT NULL,
  run_id     uuid         NOT NULL,
  created_at timestamptz  NOT NULL
);
CREATE INDEX idempotency_key_created_at ON sluice.idempotency_key (created_at);
CREATE INDEX idempotency_key_run ON sluice.idempotency_key (run_id);

-- Who did what. Append-only: triggers refuse UPDATE, DELETE and TRUNCATE; the retention alone may delete old lines.
CREATE TABLE sluice.event (
  id     bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at     timestamptz NOT NULL,
  actor  text        NOT NULL,
  action varchar(63) NOT NULL,
  job    varchar(63),
  run_id uuid,
  detail text        NOT NULL
);
CREATE INDEX event_job ON sluice.event (job, id);
CREATE INDEX event_run ON sluice.event (run_id, id);
CREATE INDEX event_at ON sluice.event (at);

-- [jooq ignore start]
-- The log stays append-only for everybody. The retention alone may remove lines, and says so for its transaction.
CREATE FUNCTION sluice.event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('sluice.retention', true) = 'on' THEN
    RETURN NULL; -- sluice.event_may_go decides for each line
  END IF;
  RAISE EXCEPTION 'sluice.event is append-only: % refused', TG_OP USING ERRCODE = '42501';
END $$;

CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sluice.event
  FOR EACH STATEMENT EXECUTE FUNCTION sluice.event_is_append_only();
-- [jooq ignore stop]

-- The workers on this control database. One lives while its sign of life, by the database's clock, is young; one that
-- stops takes its row with it.
CREATE TABLE sluice.worker (
  instance            uuid        NOT NULL PRIMARY KEY,
  name                varchar(63) NOT NULL,
  version             text        NOT NULL,
  started_at          timestamptz NOT NULL,
  heartbeat_at        timestamptz NOT NULL,
  clock_offset_millis bigint
);

-- The jobs that each worker's folder defines.
CREATE TABLE sluice.definition (
  instance    uuid        NOT NULL,
  job         varchar(63) NOT NULL,
  fingerprint varchar(64) NOT NULL,
  definition  text        NOT NULL,
  seen_at     timestamptz NOT NULL,
  CONSTRAINT definition_pkey PRIMARY KEY (instance, job),
  CONSTRAINT definition_of_worker FOREIGN KEY (instance) REFERENCES sluice.worker (instance) ON DELETE CASCADE
);
CREATE INDEX definition_job ON sluice.definition (job);

-- [jooq ignore start]
-- What may go: a line older than 31 days that is no approval, override or switch, and whose job, if it names one, has
-- neither a run nor a definition.
CREATE FUNCTION sluice.event_may_go() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.at > clock_timestamp() - interval '31 days'
    OR OLD.action ~ '(approv|overrid|switch)'
    OR EXISTS (SELECT FROM sluice.run r WHERE r.job = OLD.job)
    OR EXISTS (SELECT FROM sluice.definition d WHERE d.job = OLD.job)
  THEN
    RAISE EXCEPTION 'sluice.event is append-only: event % (%) must stay', OLD.id, OLD.action USING ERRCODE = '42501';
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER event_may_go BEFORE DELETE ON sluice.event
  FOR EACH ROW EXECUTE FUNCTION sluice.event_may_go();
-- [jooq ignore stop]
