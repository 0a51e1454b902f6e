-- Inputs that stay as long as the results of their job, and addresses that are told of all of an account's jobs.

ALTER TABLE jobs ADD COLUMN owns_inputs boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN jobs.owns_inputs IS 'Its inputs are named in files.job_id with the role input, and go with it.';

CREATE TABLE callback_addresses (
    account_id  text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    recipe      text NOT NULL,
    url         text NOT NULL,
    set_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, recipe)
);
