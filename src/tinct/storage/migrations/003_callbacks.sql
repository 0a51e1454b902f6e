-- Jobs that tell somebody when they end, and jobs that are dropped when nobody asks for them.

ALTER TABLE jobs
    ADD COLUMN callbacks jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN lease_s   real,
    ADD COLUMN asked_at  timestamptz NOT NULL DEFAULT now();
CREATE INDEX jobs_leased ON jobs (id) WHERE lease_s IS NOT NULL AND finished_at IS NULL;

COMMENT ON COLUMN jobs.lease_s IS 'Seconds after asked_at at which the job is dropped; null for never.';

-- An outbox and its queue in one, apart from the queue of jobs. A row comes into being with the end of its job.
CREATE TABLE callbacks (
    id          text PRIMARY KEY,
    account_id  text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    job_id      text NOT NULL,
    recipe      text NOT NULL,
    url         text NOT NULL,
    host        text NOT NULL,
    context     jsonb NOT NULL,
    state       text NOT NULL DEFAULT 'waiting',
    body        bytea,
    tries       integer NOT NULL DEFAULT 0,
    attempt     integer NOT NULL DEFAULT 0,
    due_at      timestamptz NOT NULL DEFAULT now(),
    created_at  timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz
);
CREATE INDEX callbacks_due ON callbacks (due_at) WHERE state = 'waiting';
CREATE INDEX callbacks_of_account ON callbacks (account_id, id DESC);
CREATE INDEX callbacks_of_job ON callbacks (job_id);
CREATE INDEX callbacks_by_end ON callbacks (ended_at) WHERE ended_at IS NOT NULL;

COMMENT ON COLUMN callbacks.tries IS 'Tries whose outcome is known, since the start or the last replay.';
COMMENT ON COLUMN callbacks.attempt IS 'Number of the last try, lost ones included; only that one may write its outcome.';
COMMENT ON COLUMN callbacks.due_at IS 'The next try; while one is under way, when it is taken for lost.';

CREATE TABLE callback_attempts (
    callback_id  text NOT NULL REFERENCES callbacks ON DELETE CASCADE,
    attempt      integer NOT NULL,
    started_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    status       integer,
    outcome      text NOT NULL,
    PRIMARY KEY (callback_id, attempt)
);

-- Receivers that asked for no more.
CREATE TABLE callback_stops (
    account_id  text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    recipe      text NOT NULL,
    url         text NOT NULL,
    stopped_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, recipe, url)
);
