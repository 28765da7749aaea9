-- What became of a number's health, when, and why: a row each time, never changed. The newest of a number holds; one
-- without any is healthy. Its calls are in the ledger.
CREATE TABLE number_health (
  org_id       uuid NOT NULL REFERENCES organisation,
  number       bigint NOT NULL,                       -- as callers see it, on whichever account
  since        timestamptz NOT NULL,
  state        smallint NOT NULL CHECK (state BETWEEN 0 AND 4),  -- 0 fresh, 1 healthy, 2 watch, 3 resting, 4 retired
  until        timestamptz,                           -- when time alone ends it
  warm_up_from timestamptz,
  rests        integer NOT NULL DEFAULT 0 CHECK (rests >= 0),
  counted_from timestamptz NOT NULL,                  -- earlier calls were judged
  ratio        double precision,                      -- of its answers to what was to be expected, of those calls
  why          text NOT NULL,
  by_person    boolean NOT NULL DEFAULT false,        -- else by the engine, whose instants rise
  PRIMARY KEY (org_id, number, since, by_person)
);

ALTER TABLE number_health ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON number_health TO dialer_api USING (org_id = nullif(current_setting('app.org', true), '')::uuid);
GRANT SELECT, INSERT ON number_health TO dialer_api;
