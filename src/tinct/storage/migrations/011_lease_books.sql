-- Up to which moment each server has written down who asked for leased jobs. Losing it in a crash only begins the leases
-- anew, since every server makes its row again.

CREATE UNLOGGED TABLE lease_books (
    server      text PRIMARY KEY,
    written_to  timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL DEFAULT now()
);
