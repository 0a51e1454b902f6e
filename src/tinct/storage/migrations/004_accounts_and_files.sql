-- What a result is, files that are announced before they come, files that are no photos, tombstones of deleted ones;
-- credentials that come from others; a ledger whose lines belong together in entries, expiry included.

-- A file is declared, then stored; `deleted` is out of reach at once, and its record goes when its bytes have gone;
-- `gone` has expired, and its id is remembered for as long as a job's.
ALTER TABLE files
    ADD COLUMN role text,
    ADD COLUMN state text NOT NULL DEFAULT 'stored' CHECK (state IN ('declared', 'stored', 'deleted', 'gone')),
    ADD COLUMN declared_size bigint,
    ADD COLUMN declared_md5 text,
    ADD COLUMN declared_at timestamptz,
    ADD COLUMN named_at timestamptz,
    ADD COLUMN seconds double precision,
    ALTER COLUMN width DROP NOT NULL,
    ALTER COLUMN height DROP NOT NULL,
    ALTER COLUMN depth DROP NOT NULL,
    ALTER COLUMN channels DROP NOT NULL,
    ALTER COLUMN frames DROP NOT NULL,
    ALTER COLUMN mode DROP NOT NULL;
UPDATE files SET role = 'main' WHERE job_id IS NOT NULL;
COMMENT ON COLUMN files.role IS 'Of a result: main, variant, mask, ...; null for an upload.';
COMMENT ON COLUMN files.declared_at IS 'Set where the id was given out before the bytes came.';
COMMENT ON COLUMN files.named_at IS 'When a job first named a declared file; its bytes cannot be sent anew afterwards.';

DROP INDEX files_by_expiry;
CREATE INDEX files_by_expiry ON files (expires_at) WHERE state IN ('declared', 'stored');
CREATE INDEX files_deleted ON files (id) WHERE state = 'deleted';
CREATE INDEX files_gone ON files (expires_at) WHERE state = 'gone';
CREATE INDEX files_by_key ON files (key);

-- Revoking or losing a parent ends what was issued for it.
ALTER TABLE credentials ADD COLUMN parent_id text REFERENCES credentials ON DELETE CASCADE;
CREATE INDEX credentials_of_parent ON credentials (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX tokens_by_expiry ON credentials (expires_at) WHERE parent_id IS NOT NULL AND expires_at IS NOT NULL;

-- The lines of one move of one job share an entry, however many grants it touched.
CREATE SEQUENCE ledger_entries;
ALTER TABLE ledger
    ADD COLUMN entry bigint,
    ADD COLUMN note text NOT NULL DEFAULT '',
    DROP CONSTRAINT ledger_kind_check;
DROP INDEX ledger_one_end;
UPDATE ledger SET kind = 'charge' WHERE kind = 'settle';
UPDATE ledger SET entry = first.id
    FROM (SELECT min(id) AS id, kind, job_id, CASE WHEN job_id IS NULL THEN id END AS alone FROM ledger
          GROUP BY kind, job_id, alone) AS first
    WHERE ledger.kind = first.kind
      AND (ledger.job_id = first.job_id OR (ledger.job_id IS NULL AND ledger.id = first.alone));
UPDATE ledger SET note = grants.kind FROM grants WHERE grants.id = grant_id AND ledger.kind = 'grant';
UPDATE ledger SET note = jobs.effect FROM jobs WHERE jobs.id = job_id;
SELECT setval('ledger_entries', (SELECT COALESCE(max(id), 0) + 1 FROM ledger));
ALTER TABLE ledger
    ALTER COLUMN entry SET NOT NULL,
    ADD CONSTRAINT ledger_kind_check CHECK (kind IN ('grant', 'hold', 'charge', 'release', 'expire'));
CREATE UNIQUE INDEX ledger_one_end ON ledger (job_id, grant_id) WHERE kind IN ('charge', 'release');
DROP INDEX ledger_of_account;
CREATE INDEX ledger_of_account ON ledger (account_id, entry DESC, id);
COMMENT ON COLUMN ledger.note IS 'What for: the kind of a grant, the effect or the tool of a job.';

CREATE INDEX grants_to_expire ON grants (expires_at) WHERE available > 0 AND expires_at IS NOT NULL;

-- How far a sweep that takes several goes has come.
CREATE TABLE sweeps (
    name    text PRIMARY KEY,
    cursor  text NOT NULL
);

-- Whether some bytes belong to a content.
CREATE INDEX contents_by_piece ON contents USING gin (pieces);
