// Follow jobs to their end: by server-sent events for a few, by lists for many, since a browser opens six connections.

import { insist, wire } from "./api.js";
import { sleep } from "./dom.js";

const STREAMS = 2;
const EVERY = 800; // ms between two looks at many jobs

const streams = new Map(); // job id -> { source, job, heard }
const polled = new Map(); // job id -> { job, heard }
let polling = false;

const ended = (job) => !["queued", "running"].includes(job.state);

/** Tell `heard` of every change of a job until it has ended. */
export function follow(job, heard) {
  if (ended(job) || streams.has(job.id) || polled.has(job.id)) return;
  if (streams.size < STREAMS) stream(job, heard);
  else poll(job, heard);
}

/** A job once it has ended. */
export const settled = (job) => new Promise((done) => {
  if (ended(job)) done(job);
  else follow(job, (news) => ended(news) && done(news));
});

function stream(job, heard) {
  const source = new EventSource(`/v1/jobs/${job.id}/events`);
  streams.set(job.id, { source, job, heard });
  const close = () => {
    source.close();
    streams.delete(job.id);
    const [waiting] = polled.values();
    if (waiting) {
      polled.delete(waiting.job.id);
      stream(waiting.job, waiting.heard);
    }
  };
  source.addEventListener("job", (event) => {
    const news = JSON.parse(event.data);
    heard(news);
    if (ended(news)) close();
  });
  source.addEventListener("error", () => {
    source.close();
    streams.delete(job.id);
    poll(job, heard); // it goes on asking until the server answers, and says what has become of the job
  });
}

function poll(job, heard) {
  polled.set(job.id, { job, heard });
  if (!polling) void look();
}

async function look() {
  polling = true;
  while (polled.size) {
    await sleep(EVERY);
    const batches = new Set([...polled.values()].map(({ job }) => job.batch));
    for (const batch of batches) {
      const found = await list(batch);
      for (const news of found) {
        const followed = polled.get(news.id);
        if (!followed) continue;
        followed.heard(news);
        if (ended(news)) polled.delete(news.id);
      }
      // Deleted elsewhere, or not of a batch: it is asked for by itself.
      for (const [id, { job, heard }] of [...polled]) {
        if (job.batch !== batch || found.some((news) => news.id === id)) continue;
        try {
          const news = await insist("GET", `/v1/jobs/${id}`);
          heard(news);
          if (ended(news)) polled.delete(id);
        } catch {
          polled.delete(id);
        }
      }
    }
  }
  polling = false;
}

async function list(batch) {
  if (!batch) return [];
  try {
    return (await insist("GET", `/v1/jobs?limit=500&batch=${encodeURIComponent(batch)}`)).jobs;
  } catch {
    return [];
  }
}

// What was streamed is asked for once somebody has signed in again.
wire.addEventListener("signed-out", () => {
  const open = [...streams.values()];
  streams.clear();
  for (const { source, job, heard } of open) {
    source.close();
    poll(job, heard);
  }
});
