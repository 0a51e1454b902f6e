-- What a worker needs for a job, and what the workers that are there have. Losing them in a crash only makes a server
-- wait for the workers' next sign of life.

ALTER TABLE jobs ADD COLUMN capability text NOT NULL DEFAULT '';
COMMENT ON COLUMN jobs.capability IS 'Only workers with it get the job; empty: every worker for ordinary jobs.';

DROP INDEX jobs_waiting;
CREATE INDEX jobs_waiting ON jobs (capability, priority, sequence) WHERE state = 'queued';

CREATE UNLOGGED TABLE workers (
    id            text PRIMARY KEY,
    capabilities  text[] NOT NULL,
    seen_at       timestamptz NOT NULL DEFAULT now()
);
