-- Jobs that belong together, by their caller's own name.

ALTER TABLE jobs ADD COLUMN batch text;
CREATE INDEX jobs_of_batch ON jobs (account_id, batch, sequence DESC) WHERE batch IS NOT NULL;
COMMENT ON COLUMN jobs.batch IS 'The name that its order gave; several jobs of an account share it.';
