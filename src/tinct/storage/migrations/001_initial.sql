-- Accounts, what they may spend, their files and their jobs. The table `jobs` is the truth about a job;
-- the queue's own tables only dispatch.

CREATE TABLE accounts (
    id          text PRIMARY KEY,
    name        text NOT NULL,
    unlimited   boolean NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    revoked_at  timestamptz
);

-- Keys are kept as keyed hashes (digest); secrets that must be read again to check a signature are sealed.
CREATE TABLE credentials (
    id           text PRIMARY KEY,
    account_id   text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    kind         text NOT NULL,
    public_id    text NOT NULL,
    name         text NOT NULL DEFAULT '',
    digest       bytea,
    sealed       bytea,
    scopes       text[] NOT NULL DEFAULT '{}',
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz,
    UNIQUE (kind, public_id),
    CHECK ((digest IS NULL) <> (sealed IS NULL))
);
CREATE INDEX credentials_of_account ON credentials (account_id);

-- `available` and `held` are the sums of the ledger, kept so that a hold need not add the ledger up.
CREATE TABLE grants (
    id          bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    account_id  text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    kind        text NOT NULL,
    amount      bigint NOT NULL CHECK (amount > 0),
    available   bigint NOT NULL CHECK (available >= 0),
    held        bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
    granted_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz
);
CREATE INDEX grants_to_spend ON grants (account_id, expires_at NULLS LAST, id);

-- Append-only. A job has one hold and at most one of settle and release per grant: the indexes see to it.
CREATE TABLE ledger (
    id          bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    account_id  text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    grant_id    bigint NOT NULL REFERENCES grants,
    job_id      text,
    kind        text NOT NULL CHECK (kind IN ('grant', 'hold', 'settle', 'release')),
    available   bigint NOT NULL,
    held        bigint NOT NULL,
    at          timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ledger_of_account ON ledger (account_id, id DESC);
CREATE UNIQUE INDEX ledger_one_hold ON ledger (job_id, grant_id) WHERE kind = 'hold';
CREATE UNIQUE INDEX ledger_one_end ON ledger (job_id, grant_id) WHERE kind IN ('settle', 'release');

-- The theoretical arrival time of each token bucket. Losing it in a crash only refills the buckets.
CREATE UNLOGGED TABLE limits (
    key      text PRIMARY KEY,
    arrival  timestamptz NOT NULL
);
CREATE INDEX limits_by_arrival ON limits (arrival);

CREATE TABLE files (
    id          text PRIMARY KEY,
    account_id  text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    key         text NOT NULL,
    name        text NOT NULL,
    media_type  text NOT NULL,
    size        bigint NOT NULL,
    etag        text NOT NULL,
    format      text NOT NULL,
    width       integer NOT NULL,
    height      integer NOT NULL,
    depth       integer NOT NULL,
    channels    integer NOT NULL,
    frames      integer NOT NULL,
    mode        text NOT NULL,
    job_id      text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL
);
CREATE INDEX files_of_account ON files (account_id, id DESC);
CREATE INDEX files_of_job ON files (job_id) WHERE job_id IS NOT NULL;
CREATE INDEX files_by_expiry ON files (expires_at);

CREATE TABLE jobs (
    id                text PRIMARY KEY,
    sequence          bigint NOT NULL UNIQUE GENERATED ALWAYS AS IDENTITY,
    account_id        text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    effect            text NOT NULL,
    params            jsonb NOT NULL,
    inputs            jsonb NOT NULL,
    format            text,
    quality           integer NOT NULL,
    state             text NOT NULL DEFAULT 'queued',
    revision          bigint NOT NULL DEFAULT 1,
    priority          integer NOT NULL,
    attempt           integer NOT NULL DEFAULT 0,
    progress          real NOT NULL DEFAULT 0,
    deadline_s        real NOT NULL,
    keep_results_s    double precision NOT NULL,
    discard_inputs    boolean NOT NULL,
    credits           bigint NOT NULL CHECK (credits >= 0),
    results           jsonb NOT NULL DEFAULT '[]',
    facts             jsonb NOT NULL DEFAULT '{}',
    failure_code      text,
    failure_message   text,
    dialect           text NOT NULL,
    aliases           jsonb NOT NULL,
    meta              jsonb NOT NULL,
    entry             bigint,
    created_at        timestamptz NOT NULL DEFAULT now(),
    started_at        timestamptz,
    finished_at       timestamptz,
    results_expire_at timestamptz,
    deleted_at        timestamptz
);
CREATE INDEX jobs_waiting ON jobs (priority, sequence) WHERE state = 'queued';
CREATE INDEX jobs_running ON jobs (id) WHERE state = 'running';
CREATE INDEX jobs_of_account ON jobs (account_id, sequence DESC) WHERE deleted_at IS NULL;
CREATE INDEX jobs_by_end ON jobs (finished_at) WHERE finished_at IS NOT NULL;

COMMENT ON COLUMN jobs.entry IS 'The queue entry that may run this job now; an older entry runs nothing.';

CREATE TABLE job_aliases (
    kind    text NOT NULL,
    value   text NOT NULL,
    job_id  text NOT NULL REFERENCES jobs ON DELETE CASCADE,
    PRIMARY KEY (kind, value)
);
CREATE INDEX job_aliases_of_job ON job_aliases (job_id);

CREATE TABLE idempotency (
    account_id  text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    key         text NOT NULL,
    digest      bytea NOT NULL,
    job_id      text NOT NULL,
    expires_at  timestamptz NOT NULL,
    PRIMARY KEY (account_id, key)
);
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);

-- Sums over ended jobs. Each sum is spread over shards, so that jobs that end together do not wait for one row.
CREATE TABLE statistics (
    effect    text NOT NULL,
    state     text NOT NULL,
    code      text NOT NULL,
    shard     integer NOT NULL,
    jobs      bigint NOT NULL DEFAULT 0,
    waited_s  double precision NOT NULL DEFAULT 0,
    ran_s     double precision NOT NULL DEFAULT 0,
    PRIMARY KEY (effect, state, code, shard)
);

-- Whoever changes a job tells everyone who listens, in the same transaction.
CREATE FUNCTION tinct_job_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tinct_jobs', NEW.id || ' ' || NEW.attempt || ' ' || NEW.state);
    RETURN NULL;
END;
$$;
CREATE TRIGGER job_changed AFTER UPDATE OF revision ON jobs
    FOR EACH ROW EXECUTE FUNCTION tinct_job_changed();

-- Queues are small tables with many dead rows: vacuum by count, not by share.
ALTER TABLE jobs SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000, fillfactor = 80);
ALTER TABLE grants SET (fillfactor = 50);
ALTER TABLE procrastinate_jobs SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
ALTER TABLE procrastinate_events SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000);
