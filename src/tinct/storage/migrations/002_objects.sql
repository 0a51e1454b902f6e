-- Buckets of named objects. Names are the owner's affair: bytes lie under keys of our own, and `contents` tells which.

CREATE TABLE buckets (
    id          bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    account_id  text NOT NULL REFERENCES accounts,
    name        text NOT NULL UNIQUE,
    public      boolean NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX buckets_of_account ON buckets (account_id);

-- One content is the bytes of an object or of a part of one; it never changes. `pieces` are keys of the blob store, in
-- order: an object that came in parts has as many. A copy of an object uses the same content.
CREATE TABLE contents (
    id            text PRIMARY KEY,
    pieces        text[] NOT NULL,
    sizes         bigint[] NOT NULL,
    size          bigint NOT NULL,
    etag          text NOT NULL,
    crc64         numeric(20) NOT NULL,
    uses          integer NOT NULL DEFAULT 0 CHECK (uses >= 0),
    unused_since  timestamptz NOT NULL
);
CREATE INDEX contents_unused ON contents (unused_since) WHERE uses = 0;

COMMENT ON COLUMN contents.unused_since IS 'Counts while uses = 0; lies ahead while the bytes are being stored.';

-- Keys sort by their bytes.
CREATE TABLE objects (
    bucket_id    bigint NOT NULL REFERENCES buckets,
    key          text COLLATE "C" NOT NULL,
    content_id   text NOT NULL REFERENCES contents,
    headers      jsonb NOT NULL,
    public       boolean,
    modified_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (bucket_id, key)
);
CREATE INDEX objects_of_content ON objects (content_id);

-- Uploads in parts that are not finished yet.
CREATE TABLE multipart_uploads (
    id          text PRIMARY KEY,
    bucket_id   bigint NOT NULL REFERENCES buckets,
    key         text COLLATE "C" NOT NULL,
    headers     jsonb NOT NULL,
    public      boolean,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX multipart_uploads_of_bucket ON multipart_uploads (bucket_id, key, id);
CREATE INDEX multipart_uploads_by_age ON multipart_uploads (created_at);

CREATE TABLE multipart_parts (
    upload_id    text NOT NULL REFERENCES multipart_uploads ON DELETE CASCADE,
    number       integer NOT NULL,
    content_id   text NOT NULL REFERENCES contents,
    modified_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (upload_id, number)
);
CREATE INDEX multipart_parts_of_content ON multipart_parts (content_id);

-- Whoever takes or leaves a content counts it, in the same transaction.
CREATE FUNCTION tinct_content_used() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'DELETE' THEN
        UPDATE contents SET uses = uses + 1 WHERE id = NEW.content_id;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        UPDATE contents SET uses = uses - 1, unused_since = now() WHERE id = OLD.content_id;
    END IF;
    RETURN NULL;
END;
$$;
CREATE TRIGGER content_used AFTER INSERT OR DELETE OR UPDATE OF content_id ON objects
    FOR EACH ROW EXECUTE FUNCTION tinct_content_used();
CREATE TRIGGER content_used AFTER INSERT OR DELETE OR UPDATE OF content_id ON multipart_parts
    FOR EACH ROW EXECUTE FUNCTION tinct_content_used();

ALTER TABLE contents SET (fillfactor = 80);
