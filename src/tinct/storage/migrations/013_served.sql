-- Which generator a worker's capabilities stand for, so that lists of effects can name it on any machine.

ALTER TABLE workers ADD COLUMN served jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN workers.served IS 'Capability -> engine and name of the generator that works for it.';
