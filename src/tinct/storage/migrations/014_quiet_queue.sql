-- The queue's diary of every entry is read by nobody: the table `jobs` knows when a job was made, begun and ended.

ALTER TABLE procrastinate_jobs
    DISABLE TRIGGER procrastinate_trigger_status_events_insert_v1,
    DISABLE TRIGGER procrastinate_trigger_status_events_update_v1;
TRUNCATE procrastinate_events;

-- Who tells something holds a lock until the commit is on the disk, so a job that begins would wait for all that end.
-- That a job runs is told by its worker a moment later, with its progress.
DROP TRIGGER job_changed ON jobs;
CREATE TRIGGER job_changed AFTER UPDATE OF revision ON jobs
    FOR EACH ROW WHEN (NOT (OLD.state = 'queued' AND NEW.state = 'running'))
    EXECUTE FUNCTION tinct_job_changed();
