-- Both databases read this.
CREATE TABLE IF NOT EXISTS zkescrow_queue (version BIGINT NOT NULL);

INSERT INTO zkescrow_queue SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM zkescrow_queue);

-- Times are milliseconds since 1970 by the database's clock, which all workers share; the deadline is in seconds.
CREATE TABLE IF NOT EXISTS zkescrow_jobs (
    id TEXT PRIMARY KEY,
    weights TEXT NOT NULL,
    provider TEXT NOT NULL,
    label TEXT NOT NULL,
    deadline BIGINT NOT NULL,
    -- The order, with its secrets; gone once it is proven.
    work TEXT,
    submitted BIGINT NOT NULL,
    -- waiting, running, done, failed
    state TEXT NOT NULL,
    -- Waiting: the end of the pause. Running: the end of the lease.
    free_at BIGINT NOT NULL,
    -- Rises with every claim, and never falls: only the last claimant may change the job.
    attempt BIGINT NOT NULL,
    -- Claims that count against the limit.
    tries BIGINT NOT NULL,
    worker TEXT,
    since BIGINT,
    seconds DOUBLE PRECISION,
    reason TEXT,
    proof TEXT
);

CREATE INDEX IF NOT EXISTS zkescrow_jobs_in_order ON zkescrow_jobs (state, deadline, submitted, id);
