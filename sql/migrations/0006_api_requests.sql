-- Requests with an Idempotency-Key, written in the transaction of their effect: whoever repeats one gets its answer.

CREATE TABLE api_request (
  org_id     uuid NOT NULL,
  api_key_id uuid NOT NULL,
  key        text NOT NULL CHECK (key <> ''),
  digest     bytea NOT NULL CHECK (octet_length(digest) = 32),  -- of method, path and body
  status     smallint NOT NULL DEFAULT 0,                       -- 0: under way, seen by nobody else
  body       text NOT NULL DEFAULT '',
  generation bigint NOT NULL DEFAULT 0,                         -- that the engine has to act by; 0: none
  at         timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, api_key_id, key)
);
CREATE INDEX api_request_by_age ON api_request (org_id, at);

ALTER TABLE api_request ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON api_request TO dialer_api
  USING (org_id = nullif(current_setting('app.org', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON api_request TO dialer_api;
