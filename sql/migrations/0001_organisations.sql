-- What people set up. Every table leads its keys with org_id, so that it can be distributed by organisation (Citus):
-- no triggers, foreign keys only within an organisation. The one exception is carrier_account, which exists to be shared.

CREATE TABLE organisation (
  org_id     uuid PRIMARY KEY,
  name       text NOT NULL CHECK (name <> ''),
  sharing    smallint NOT NULL DEFAULT 0 CHECK (sharing BETWEEN 0 AND 2),
  created_at timestamptz NOT NULL DEFAULT now()
);

-- The row that every decision locks. `generation` rises with every change that could forbid a dial.
CREATE TABLE org_owner (
  org_id             uuid PRIMARY KEY REFERENCES organisation,
  epoch              bigint NOT NULL DEFAULT 0,
  node               bigint NOT NULL DEFAULT 0,
  generation         bigint NOT NULL DEFAULT 1,
  applied_generation bigint NOT NULL DEFAULT 0,
  open_from          bigint NOT NULL DEFAULT 0,     -- attempts below are all closed
  frozen             boolean NOT NULL DEFAULT false
) WITH (fillfactor = 20);

-- Number of the last committed batch of each stream (0 decisions, 1 outcomes): what an unknown commit is resolved by.
CREATE TABLE batch_mark (
  org_id     uuid NOT NULL REFERENCES organisation,
  stream     smallint NOT NULL CHECK (stream IN (0, 1)),
  epoch      bigint NOT NULL,
  last_batch bigint NOT NULL,
  sealed     bigint NOT NULL DEFAULT 0,             -- a batch that was declared failed and must never commit
  PRIMARY KEY (org_id, stream)
) WITH (fillfactor = 20);

CREATE TABLE workspace (
  org_id uuid NOT NULL REFERENCES organisation,
  id     uuid NOT NULL,
  name   text NOT NULL CHECK (name <> ''),
  weight integer NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 1000),
  PRIMARY KEY (org_id, id),
  UNIQUE (org_id, name)
);

CREATE TABLE agent (
  org_id               uuid NOT NULL,
  id                   uuid NOT NULL,
  workspace_id         uuid NOT NULL,
  name                 text NOT NULL CHECK (name <> ''),
  published            boolean NOT NULL,
  answer_url           text NOT NULL,
  concurrent_calls_max bigint NOT NULL CHECK (concurrent_calls_max BETWEEN 0 AND 4294967295),
  PRIMARY KEY (org_id, id),
  UNIQUE (org_id, workspace_id, name),
  FOREIGN KEY (org_id, workspace_id) REFERENCES workspace (org_id, id)
);

-- Secrets are never stored: secret_ref names where the engine finds one ("env:NAME" or "file:/path").
CREATE TABLE integration (
  org_id               uuid NOT NULL REFERENCES organisation,
  id                   uuid NOT NULL,
  name                 text NOT NULL CHECK (name <> ''),
  kind                 smallint NOT NULL CHECK (kind IN (1, 2)),
  base_url             text NOT NULL,
  ca_file              text NOT NULL,
  account_sid          text NOT NULL,
  connection_id        text NOT NULL,
  secret_ref           text NOT NULL,
  secondary_secret_ref text NOT NULL,
  webhook_public_key   text NOT NULL,
  calls_per_second     double precision NOT NULL CHECK (calls_per_second > 0),
  concurrent_calls_max bigint NOT NULL CHECK (concurrent_calls_max BETWEEN 0 AND 4294967295),
  PRIMARY KEY (org_id, id),
  UNIQUE (org_id, name)
);

-- Rule S2: a carrier account belongs to one organisation. Shared by all organisations (a reference table on Citus).
CREATE TABLE carrier_account (
  kind    smallint NOT NULL,
  account text NOT NULL CHECK (account <> ''),
  org_id  uuid NOT NULL,
  PRIMARY KEY (kind, account)
);

CREATE TABLE phone_number (
  org_id               uuid NOT NULL,
  id                   uuid NOT NULL,
  workspace_id         uuid NOT NULL,
  integration_id       uuid NOT NULL,
  number               bigint NOT NULL CHECK (number > 0),
  status               smallint NOT NULL CHECK (status BETWEEN 0 AND 3),
  type                 smallint NOT NULL CHECK (type BETWEEN 0 AND 3),
  capabilities         smallint NOT NULL CHECK (capabilities BETWEEN 0 AND 15),
  outbound_enabled     boolean NOT NULL,
  region               text NOT NULL,
  calls_per_day_max    bigint NOT NULL CHECK (calls_per_day_max BETWEEN 0 AND 4294967295),
  calls_per_hour_max   bigint NOT NULL CHECK (calls_per_hour_max BETWEEN 0 AND 4294967295),
  concurrent_calls_max bigint NOT NULL CHECK (concurrent_calls_max BETWEEN 0 AND 4294967295),
  PRIMARY KEY (org_id, id),
  UNIQUE (org_id, number),
  FOREIGN KEY (org_id, workspace_id) REFERENCES workspace (org_id, id),
  FOREIGN KEY (org_id, integration_id) REFERENCES integration (org_id, id)
);

CREATE TABLE outbound_assignment (
  org_id    uuid NOT NULL,
  number_id uuid NOT NULL,
  agent_id  uuid NOT NULL,
  PRIMARY KEY (org_id, agent_id, number_id),
  FOREIGN KEY (org_id, number_id) REFERENCES phone_number (org_id, id),
  FOREIGN KEY (org_id, agent_id) REFERENCES agent (org_id, id)
);

CREATE TABLE campaign (
  org_id                   uuid NOT NULL,
  id                       uuid NOT NULL,
  workspace_id             uuid NOT NULL,
  agent_id                 uuid NOT NULL,
  name                     text NOT NULL CHECK (name <> ''),
  state                    smallint NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 4),
  weight                   integer NOT NULL CHECK (weight BETWEEN 1 AND 1000),
  calls_per_second_max     double precision NOT NULL CHECK (calls_per_second_max >= 0),
  concurrent_calls_max     bigint NOT NULL CHECK (concurrent_calls_max BETWEEN 0 AND 4294967295),
  -- Sunday first; open = close: closed that day
  window_open_minute       integer[] NOT NULL CHECK (cardinality(window_open_minute) = 7 AND 0 <= ALL (window_open_minute)),
  window_close_minute      integer[] NOT NULL CHECK (cardinality(window_close_minute) = 7 AND 1440 >= ALL (window_close_minute)),
  -- by the disposition's number, 0 unused
  retry_delay_s            bigint[] NOT NULL CHECK (cardinality(retry_delay_s) = 11 AND 0 <= ALL (retry_delay_s)),
  retry_attempts_max       integer[] NOT NULL CHECK (cardinality(retry_attempts_max) = 11 AND 1 <= ALL (retry_attempts_max)),
  attempts_per_contact_max integer NOT NULL CHECK (attempts_per_contact_max BETWEEN 1 AND 65535),
  attempts_per_number_24h  integer NOT NULL CHECK (attempts_per_number_24h BETWEEN 1 AND 65535),
  attempts_per_number_7d   integer NOT NULL CHECK (attempts_per_number_7d BETWEEN 1 AND 65535),
  caller_id                smallint NOT NULL CHECK (caller_id BETWEEN 0 AND 2),
  ring_timeout_s           integer NOT NULL CHECK (ring_timeout_s BETWEEN 5 AND 600),
  call_time_limit_s        integer NOT NULL CHECK (call_time_limit_s BETWEEN 30 AND 14400),
  detection                smallint NOT NULL CHECK (detection IN (0, 1)),
  default_country          text NOT NULL CHECK (default_country ~ '^[A-Z]{2}$'),
  redial_absent            boolean NOT NULL,
  PRIMARY KEY (org_id, id),
  UNIQUE (org_id, workspace_id, name),
  FOREIGN KEY (org_id, workspace_id) REFERENCES workspace (org_id, id),
  FOREIGN KEY (org_id, agent_id) REFERENCES agent (org_id, id)
);

CREATE TABLE opt_out (
  org_id     uuid NOT NULL REFERENCES organisation,
  number     bigint NOT NULL CHECK (number > 0),
  generation bigint NOT NULL,                       -- of its last change
  at         timestamptz NOT NULL DEFAULT now(),
  source     text NOT NULL,
  revoked    boolean NOT NULL DEFAULT false,
  PRIMARY KEY (org_id, number)
);
CREATE INDEX opt_out_by_generation ON opt_out (org_id, generation);

-- National lists: the numbers are in a mapped file, here is which one is in force.
CREATE TABLE do_not_call_list (
  org_id  uuid NOT NULL REFERENCES organisation,
  name    text NOT NULL CHECK (name <> ''),
  path    text NOT NULL,
  version text NOT NULL,
  as_of   timestamptz NOT NULL,
  numbers bigint NOT NULL CHECK (numbers >= 0),
  PRIMARY KEY (org_id, name)
);
