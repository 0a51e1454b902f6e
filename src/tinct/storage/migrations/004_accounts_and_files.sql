-- What a result is, files that are announced before they come, files that are no photos, tombstones of deleted ones.

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
