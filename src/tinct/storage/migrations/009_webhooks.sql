-- Addresses that are told of the ends of all of an account's jobs, several of a kind; what is asked of a job's photos;
-- files that their owner took back while a job still reads them.

CREATE TABLE webhooks (
    id          text PRIMARY KEY,
    account_id  text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    recipe      text NOT NULL,
    url         text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (account_id, recipe, url)
);

ALTER TABLE jobs
    ADD COLUMN metadata text NOT NULL DEFAULT 'no-gps',
    ADD COLUMN screened boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN jobs.metadata IS 'What of the source''s metadata its results keep: all, no-gps or none.';
COMMENT ON COLUMN jobs.screened IS 'Its photos are looked at for what is unsafe before it begins.';

CREATE INDEX files_withdrawn ON files (id) WHERE role = 'withdrawn' AND state IN ('declared', 'stored');
COMMENT ON COLUMN files.role IS
    'Of a result: main, variant, mask, ...; input: goes with its job; withdrawn: goes when no job needs it any more.';
