-- What the engine writes by the million: contacts, then append-only intents and outcomes. No foreign keys here: the
-- writers are few and checked, and a key costs more than an fsync. bigint identifiers are time-ordered, so indexes grow
-- at their right edge.

CREATE TABLE lane (
  org_id      uuid NOT NULL,
  campaign_id uuid NOT NULL,
  lane        smallint NOT NULL,
  place       text NOT NULL,
  through     bigint NOT NULL DEFAULT 0,            -- contacts up to this id are no longer fresh
  PRIMARY KEY (org_id, campaign_id, lane),
  UNIQUE (org_id, campaign_id, place),
  FOREIGN KEY (org_id, campaign_id) REFERENCES campaign (org_id, id)
) WITH (fillfactor = 50);

CREATE TABLE contact (
  org_id      uuid NOT NULL,
  campaign_id uuid NOT NULL,
  lane        smallint NOT NULL,
  contact_id  bigint NOT NULL,
  number      bigint NOT NULL,
  source_row  bigint NOT NULL,
  name        text NOT NULL,
  external_id text NOT NULL,
  time_zone   text NOT NULL,
  state       text NOT NULL,
  postal_code text NOT NULL,
  variables   jsonb NOT NULL,
  PRIMARY KEY (org_id, campaign_id, lane, contact_id)
);
CREATE UNIQUE INDEX contact_by_number ON contact (org_id, campaign_id, number);

CREATE TABLE campaign_import (
  org_id        uuid NOT NULL,
  campaign_id   uuid NOT NULL,
  source        text NOT NULL,                      -- what is imported; the importer's own name for it
  byte_offset   bigint NOT NULL,
  rows          bigint NOT NULL,
  accepted      bigint NOT NULL,
  duplicate     bigint NOT NULL,
  rejected      bigint NOT NULL,
  verdict_bytes bigint NOT NULL,
  finished      boolean NOT NULL,
  updated_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, campaign_id, source),
  FOREIGN KEY (org_id, campaign_id) REFERENCES campaign (org_id, id),
  CHECK (rows = accepted + duplicate + rejected)
);

-- Contacts put off, or back from an attempt. Rows come and go: vacuumed often.
CREATE TABLE contact_wait (
  org_id         uuid NOT NULL,
  campaign_id    uuid NOT NULL,
  lane           smallint NOT NULL,
  due_at         timestamptz NOT NULL,
  contact_id     bigint NOT NULL,
  number         bigint NOT NULL,
  last_caller_id bigint NOT NULL,
  attempts       integer NOT NULL,
  why            smallint NOT NULL,
  PRIMARY KEY (org_id, campaign_id, lane, due_at, contact_id)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 5000);
CREATE UNIQUE INDEX contact_wait_once ON contact_wait (org_id, contact_id);

-- Contacts that will never be dialed, decided without an attempt.
CREATE TABLE contact_end (
  org_id      uuid NOT NULL,
  campaign_id uuid NOT NULL,
  contact_id  bigint NOT NULL,
  lane        smallint NOT NULL,
  why         smallint NOT NULL,
  at          timestamptz NOT NULL,
  PRIMARY KEY (org_id, contact_id)
);

CREATE TABLE intent (
  org_id         uuid NOT NULL,
  campaign_id    uuid NOT NULL,
  integration_id uuid NOT NULL,
  attempt_id     bigint NOT NULL,
  contact_id     bigint NOT NULL,
  to_number      bigint NOT NULL,
  from_number    bigint NOT NULL,
  decided_at     timestamptz NOT NULL,
  lane           smallint NOT NULL,
  attempt_number integer NOT NULL,
  why            smallint NOT NULL,
  PRIMARY KEY (org_id, attempt_id)
);
-- Attempts of one contact: `explain` and export.
CREATE INDEX intent_by_contact ON intent (org_id, contact_id);

CREATE TABLE outcome (
  org_id       uuid NOT NULL,
  attempt_id   bigint NOT NULL,
  at           timestamptz NOT NULL,
  duration_s   bigint NOT NULL,
  kind         smallint NOT NULL,
  disposition  smallint,
  why          smallint NOT NULL,
  answered     boolean NOT NULL,
  contact_done boolean NOT NULL,
  call_ref     text NOT NULL,
  carrier_code text NOT NULL,
  detail       text NOT NULL,
  PRIMARY KEY (org_id, attempt_id, kind)
);

-- Callbacks, stored before they are answered.
CREATE TABLE call_event (
  org_id      uuid NOT NULL,
  attempt_id  bigint NOT NULL,
  event_key   text NOT NULL,
  payload     text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, attempt_id, event_key)
);

-- Where every contact stands: exactly one of fresh, open, waiting, done. Reports and the conservation check read it; the
-- hot path never does.
CREATE VIEW contact_state AS
SELECT c.org_id, c.campaign_id, c.lane, c.contact_id, c.number, c.source_row, c.external_id, c.name,
       coalesce(n.attempts, 0) AS attempts,
       n.attempt_id IS NULL AND w.contact_id IS NULL AND e.contact_id IS NULL AND c.contact_id > l.through AS fresh,
       n.attempt_id IS NOT NULL AND closed.attempt_id IS NULL AS open,
       w.contact_id IS NOT NULL AS waiting,
       e.contact_id IS NOT NULL OR coalesce(closed.contact_done, false) OR coalesce(late.contact_done, false) AS done,
       coalesce(late.disposition, closed.disposition) AS disposition,
       coalesce(e.why, w.why, 0::smallint) AS why,
       w.due_at, w.last_caller_id, n.attempt_id AS last_attempt_id, l.place
  FROM contact c
  JOIN lane l ON l.org_id = c.org_id AND l.campaign_id = c.campaign_id AND l.lane = c.lane
  LEFT JOIN (SELECT org_id, campaign_id, contact_id, max(attempt_id) AS attempt_id, count(*) AS attempts
               FROM intent GROUP BY org_id, campaign_id, contact_id) n
         ON n.org_id = c.org_id AND n.campaign_id = c.campaign_id AND n.contact_id = c.contact_id
  LEFT JOIN outcome closed ON closed.org_id = n.org_id AND closed.attempt_id = n.attempt_id AND closed.kind BETWEEN 10 AND 13
  LEFT JOIN outcome late ON late.org_id = n.org_id AND late.attempt_id = n.attempt_id AND late.kind = 14
  LEFT JOIN contact_wait w ON w.org_id = c.org_id AND w.contact_id = c.contact_id
  LEFT JOIN contact_end e ON e.org_id = c.org_id AND e.contact_id = c.contact_id;
