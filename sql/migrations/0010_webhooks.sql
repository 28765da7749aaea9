-- Endpoints of customers that are told what happens. The ledger is the queue: an endpoint reads it at its own pace from
-- the place it is at, and only what is on its way is stored, so that no outcome costs a second write.

CREATE TABLE webhook (
  org_id          uuid NOT NULL REFERENCES organisation,
  id              uuid NOT NULL,
  url             text NOT NULL CHECK (url <> ''),
  kinds           smallint NOT NULL CHECK (kinds BETWEEN 1 AND 3),    -- bits: 1 attempt.ended, 2 campaign.state
  state           smallint NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 2),  -- 0 on, 1 switched off, 2 answered 410
  secret          text NOT NULL CHECK (secret <> ''),                 -- sealed
  previous_secret text NOT NULL DEFAULT '',                           -- sealed; signs beside the other until:
  previous_until  timestamptz,
  created_at      timestamptz NOT NULL DEFAULT now(),
  -- Outcomes up to here, in this order, were taken up; and changes of campaigns.
  read_at         timestamptz NOT NULL,
  read_attempt    bigint NOT NULL DEFAULT 0,
  read_kind       smallint NOT NULL DEFAULT 0,
  campaigns_at    timestamptz NOT NULL,
  PRIMARY KEY (org_id, id)
);

-- On their way: gone as soon as the endpoint has taken them.
CREATE TABLE webhook_delivery (
  org_id     uuid NOT NULL,
  webhook_id uuid NOT NULL,
  message    text NOT NULL CHECK (message <> ''),   -- its id: the same whenever the same thing is told
  body       text NOT NULL,
  attempts   smallint NOT NULL DEFAULT 0,
  due_at     timestamptz NOT NULL,
  PRIMARY KEY (org_id, webhook_id, message),
  FOREIGN KEY (org_id, webhook_id) REFERENCES webhook (org_id, id) ON DELETE CASCADE
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 5000);

-- Outcomes are appended in the order of their time: a few bytes per megabyte find a moment, and an insert pays nothing.
CREATE INDEX outcome_by_time ON outcome USING brin (org_id, at) WITH (pages_per_range = 16, autosummarize = on);

ALTER TABLE campaign ADD COLUMN state_changed_at timestamptz NOT NULL DEFAULT '-infinity';

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['webhook', 'webhook_delivery'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY tenant ON %I TO dialer_api USING (org_id = nullif(current_setting(''app.org'', true), '''')::uuid)', name);
  END LOOP;
END
$$;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook TO dialer_api;
GRANT SELECT, DELETE ON webhook_delivery TO dialer_api;
