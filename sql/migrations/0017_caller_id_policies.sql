-- Caller IDs by weight, one that the campaign names, and what countries ask of them.

ALTER TABLE phone_number
  ADD COLUMN weight integer NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 1000);  -- its share of the calls of a pool

-- Policies: 0 sticky, 1 local_presence, 2 least_used_today, 3 weighted, 4 fixed.
ALTER TABLE campaign DROP CONSTRAINT campaign_caller_id_check;
ALTER TABLE campaign
  ADD COLUMN caller_id_number bigint NOT NULL DEFAULT 0 CHECK (caller_id_number >= 0),  -- 0: none named
  ADD CONSTRAINT campaign_caller_id_check CHECK (caller_id BETWEEN 0 AND 4),
  ADD CONSTRAINT fixed_names_a_number CHECK (caller_id <> 4 OR caller_id_number > 0);
ALTER TABLE campaign_version
  ADD COLUMN caller_id_number bigint NOT NULL DEFAULT 0;

-- Numbers of a country and type are shown only if they meet the demand (rule S8).
CREATE TABLE number_restriction (
  org_id  uuid NOT NULL REFERENCES organisation,
  country text NOT NULL CHECK (country ~ '^([A-Z]{2})?$'),        -- '': any
  type    smallint NOT NULL CHECK (type BETWEEN -1 AND 3),         -- -1: any
  demand  smallint NOT NULL CHECK (demand BETWEEN 0 AND 4),  -- 0 never, 1 registration, 2 attestation A, 3 B or better, 4 any
  PRIMARY KEY (org_id, country, type, demand)
);
ALTER TABLE number_restriction ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON number_restriction TO dialer_api
  USING (org_id = nullif(current_setting('app.org', true), '')::uuid);
GRANT SELECT ON number_restriction TO dialer_api;
