-- Who changed what: a row in the transaction of each change, and each row holds the hash of the one before
-- (sql/audit_log.hpp). Nothing here is ever changed or deleted, and the API's role is not able to.

CREATE TABLE audit_log (
  org_id     uuid NOT NULL REFERENCES organisation,
  number     bigint NOT NULL CHECK (number > 0),     -- 1, 2, 3, ... without a gap
  at         timestamptz NOT NULL,
  actor      text NOT NULL CHECK (actor <> ''),
  action     text NOT NULL CHECK (action <> ''),
  resource   text NOT NULL,
  reason     text NOT NULL,
  request_id text NOT NULL,
  previous   bytea NOT NULL CHECK (octet_length(previous) = 32),
  hash       bytea NOT NULL CHECK (octet_length(hash) = 32),
  PRIMARY KEY (org_id, number)
);

-- The last row of each organisation: what the next one locks, so that rows follow one another.
CREATE TABLE audit_head (
  org_id uuid PRIMARY KEY REFERENCES organisation,
  number bigint NOT NULL,
  hash   bytea NOT NULL CHECK (octet_length(hash) = 32)
) WITH (fillfactor = 20);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['audit_log', 'audit_head'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY tenant ON %I TO dialer_api USING (org_id = nullif(current_setting(''app.org'', true), '''')::uuid)', name);
  END LOOP;
END
$$;
GRANT SELECT, INSERT ON audit_log TO dialer_api;
GRANT SELECT, INSERT, UPDATE ON audit_head TO dialer_api;
