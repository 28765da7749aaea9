-- Numbers with what their owners and carriers say of them, who may use one for what, and orders that are not settled.

ALTER TABLE integration
  ADD COLUMN platform boolean NOT NULL DEFAULT false,       -- the platform's own account for this organisation: it buys on it
  ADD COLUMN sip_trunk text NOT NULL DEFAULT '',            -- domain of the trunk that its owner set up at the carrier
  ADD COLUMN phone_number bigint NOT NULL DEFAULT 0 CHECK (phone_number >= 0);  -- the one it was set up for; 0: none

ALTER TABLE phone_number
  ADD COLUMN friendly_name     text NOT NULL DEFAULT '',
  ADD COLUMN provider          smallint NOT NULL DEFAULT 0 CHECK (provider BETWEEN 0 AND 1),  -- 0 the integration's carrier, 1 platform
  ADD COLUMN country           text NOT NULL DEFAULT '' CHECK (country ~ '^([A-Z]{2})?$'),
  ADD COLUMN area_code         text NOT NULL DEFAULT '' CHECK (area_code ~ '^[0-9]*$'),
  ADD COLUMN carrier_ref       text NOT NULL DEFAULT '',    -- what the carrier calls it: Twilio PN..., Telnyx id
  ADD COLUMN attestation       smallint NOT NULL DEFAULT 0 CHECK (attestation BETWEEN 0 AND 3),  -- 0 unknown, 1 A, 2 B, 3 C
  ADD COLUMN registered        boolean NOT NULL DEFAULT false,  -- as a caller ID, where a country asks for it
  ADD COLUMN trunk_address     text NOT NULL DEFAULT '',
  ADD COLUMN trunk_username    text NOT NULL DEFAULT '',
  ADD COLUMN trunk_password    text NOT NULL DEFAULT '',    -- sealed
  ADD COLUMN fallback_agent_id uuid,                        -- answers when the inbound agent can't
  ADD COLUMN voicemail_message text NOT NULL DEFAULT '',
  ADD COLUMN monthly_cost      bigint NOT NULL DEFAULT 0 CHECK (monthly_cost >= 0),  -- minor units; what the wallet pays
  ADD COLUMN currency          text NOT NULL DEFAULT '' CHECK (currency ~ '^([A-Z]{3})?$'),
  ADD COLUMN created_at        timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN released_at       timestamptz,
  DROP CONSTRAINT phone_number_org_id_number_key,
  ADD CONSTRAINT phone_number_fallback FOREIGN KEY (org_id, fallback_agent_id) REFERENCES agent (org_id, id);

-- A number that was given up can be had again, as another one: what was paid for each is not the other's.
CREATE UNIQUE INDEX number_is_held_once ON phone_number (org_id, number) WHERE status <> 3;

-- One number, one agent, one use. Profiles: 1 outbound (shown as caller ID), 2 inbound (answers), 3 sms.
ALTER TABLE outbound_assignment RENAME TO assignment;
ALTER TABLE assignment
  ADD COLUMN profile smallint NOT NULL DEFAULT 1 CHECK (profile BETWEEN 1 AND 3),
  ADD COLUMN since   timestamptz NOT NULL DEFAULT now();
ALTER TABLE assignment DROP CONSTRAINT outbound_assignment_pkey;
ALTER TABLE assignment ADD PRIMARY KEY (org_id, agent_id, number_id, profile);
-- Rule S3, whoever is first.
CREATE UNIQUE INDEX one_agent_answers ON assignment (org_id, number_id) WHERE profile = 2;
CREATE INDEX assignment_by_number ON assignment (org_id, number_id);

-- What is asked of a carrier about a number, from before it is asked until its last word. Gone once it is settled.
CREATE TABLE number_order (
  org_id         uuid NOT NULL,
  number_id      uuid NOT NULL,
  integration_id uuid NOT NULL,
  kind           smallint NOT NULL CHECK (kind IN (1, 2)),  -- 1 purchase, 2 release
  carrier_order  text NOT NULL DEFAULT '',                  -- Telnyx's id of it, once known
  charged        bigint NOT NULL CHECK (charged >= 0),
  currency       text NOT NULL CHECK (currency ~ '^([A-Z]{3})?$'),
  asked_at       timestamptz,                               -- when the carrier may have got it last; null: certainly never
  looks          integer NOT NULL DEFAULT 0,                -- how often in a row it was asked what became of it
  due_at         timestamptz NOT NULL,
  PRIMARY KEY (org_id, number_id),
  FOREIGN KEY (org_id, number_id) REFERENCES phone_number (org_id, id),
  FOREIGN KEY (org_id, integration_id) REFERENCES integration (org_id, id)
);

ALTER TABLE number_order ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON number_order TO dialer_api USING (org_id = nullif(current_setting('app.org', true), '')::uuid);

GRANT INSERT, UPDATE ON phone_number TO dialer_api;
GRANT INSERT, DELETE ON assignment TO dialer_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON number_order TO dialer_api;
