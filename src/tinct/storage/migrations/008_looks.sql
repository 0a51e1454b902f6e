-- Settings that an account has given a name.

CREATE TABLE looks (
    id          text PRIMARY KEY,
    account_id  text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    name        text NOT NULL,
    effect      text NOT NULL,
    params      jsonb NOT NULL,
    inputs      jsonb NOT NULL,
    saved_at    timestamptz NOT NULL DEFAULT now(),
    UNIQUE (account_id, name)
);
COMMENT ON COLUMN looks.inputs IS 'Input name -> file id; those files stay as long as the look.';
