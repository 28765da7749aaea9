-- Every version of a campaign's settings, so that a change can be read back and two people do not overwrite each other
-- unseen. A row is written in the transaction of its change and never altered; who made it and why is in audit_log.

ALTER TABLE campaign ADD COLUMN version bigint NOT NULL DEFAULT 1 CHECK (version > 0);

CREATE TABLE campaign_version (
  org_id                   uuid NOT NULL,
  campaign_id              uuid NOT NULL,
  version                  bigint NOT NULL CHECK (version > 0),     -- 1, 2, 3, ... without a gap
  at                       timestamptz NOT NULL,
  -- As in campaign, which has checked them.
  agent_id                 uuid NOT NULL,
  weight                   integer NOT NULL,
  calls_per_second_max     double precision NOT NULL,
  concurrent_calls_max     bigint NOT NULL,
  window_open_minute       integer[] NOT NULL,
  window_close_minute      integer[] NOT NULL,
  retry_delay_s            bigint[] NOT NULL,
  retry_attempts_max       integer[] NOT NULL,
  attempts_per_contact_max integer NOT NULL,
  attempts_per_number_24h  integer NOT NULL,
  attempts_per_number_7d   integer NOT NULL,
  caller_id                smallint NOT NULL,
  ring_timeout_s           integer NOT NULL,
  call_time_limit_s        integer NOT NULL,
  detection                smallint NOT NULL,
  default_country          text NOT NULL,
  redial_absent            boolean NOT NULL,
  PRIMARY KEY (org_id, campaign_id, version),
  FOREIGN KEY (org_id, campaign_id) REFERENCES campaign (org_id, id)
);

INSERT INTO campaign_version (org_id, campaign_id, version, at, agent_id, weight, calls_per_second_max,
  concurrent_calls_max, window_open_minute, window_close_minute, retry_delay_s, retry_attempts_max,
  attempts_per_contact_max, attempts_per_number_24h, attempts_per_number_7d, caller_id, ring_timeout_s,
  call_time_limit_s, detection, default_country, redial_absent)
SELECT org_id, id, version, now(), agent_id, weight, calls_per_second_max,
  concurrent_calls_max, window_open_minute, window_close_minute, retry_delay_s, retry_attempts_max,
  attempts_per_contact_max, attempts_per_number_24h, attempts_per_number_7d, caller_id, ring_timeout_s,
  call_time_limit_s, detection, default_country, redial_absent
FROM campaign;

ALTER TABLE campaign_version ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON campaign_version TO dialer_api
  USING (org_id = nullif(current_setting('app.org', true), '')::uuid);
GRANT SELECT, INSERT ON campaign_version TO dialer_api;
