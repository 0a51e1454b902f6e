-- Workers need not hear of every change of every job, only that an attempt is not wanted any more.

CREATE OR REPLACE FUNCTION tinct_job_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tinct_jobs', NEW.id || ' ' || NEW.attempt || ' ' || NEW.state);
    IF OLD.state = 'running' AND NEW.state IN ('queued', 'cancelled', 'retries_exhausted') THEN
        PERFORM pg_notify('tinct_stops', NEW.id || ' ' || NEW.attempt || ' ' || NEW.state);
    END IF;
    RETURN NULL;
END;
$$;
