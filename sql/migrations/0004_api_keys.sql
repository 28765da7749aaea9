-- Keys of the REST API. What is stored can't be used: `hash` is an HMAC of the key under a pepper that only engines
-- know; `pepper` is that pepper's mark, by which a key made under another one is told.

CREATE TABLE api_key (
  org_id       uuid NOT NULL REFERENCES organisation,
  id           uuid NOT NULL,
  name         text NOT NULL CHECK (name <> ''),
  hash         bytea NOT NULL CHECK (octet_length(hash) = 32),
  pepper       bytea NOT NULL CHECK (octet_length(pepper) = 8),
  scopes       smallint NOT NULL CHECK (scopes BETWEEN 1 AND 15),
  workspace_id uuid,                                -- null: the whole organisation
  created_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz,                         -- null: never
  revoked_at   timestamptz,
  PRIMARY KEY (org_id, id),
  FOREIGN KEY (org_id, workspace_id) REFERENCES workspace (org_id, id)
);

-- Rises with every change of the organisation's keys: what engines poll.
ALTER TABLE organisation ADD COLUMN keys_version bigint NOT NULL DEFAULT 0;
