-- Old runs can be removed, old events under conditions, and no question about the newest reads all runs ever.
-- [jooq ignore start]
CREATE INDEX run_job_newest ON sluice.run (job, created_at DESC, id);
DROP INDEX sluice.run_job_created;
CREATE INDEX run_newest ON sluice.run (created_at DESC, id);
CREATE INDEX event_run ON sluice.event (run_id, id);
CREATE INDEX event_at ON sluice.event (at);
CREATE INDEX idempotency_key_run ON sluice.idempotency_key (run_id);

-- The log stays append-only for everybody. The retention alone may remove lines, and says so for its transaction.
CREATE OR REPLACE FUNCTION sluice.event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('sluice.retention', true) = 'on' THEN
    RETURN NULL; -- sluice.event_may_go decides for each line
  END IF;
  RAISE EXCEPTION 'sluice.event is append-only: % refused', TG_OP USING ERRCODE = '42501';
END $$;

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
