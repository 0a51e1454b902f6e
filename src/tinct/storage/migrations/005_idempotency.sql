-- What an order's inputs held, so that a repeated order is known after its files have gone.

ALTER TABLE idempotency ADD COLUMN contents jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN idempotency.contents IS 'File id, or the digest of a URL -> MD5 of its bytes.';
