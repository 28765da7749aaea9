-- Money of a workspace, by double entry: the entries of one transfer sum to zero, and are never changed.

-- What the platform's numbers cost a wallet.
CREATE TABLE number_price (
  org_id   uuid NOT NULL REFERENCES organisation,
  country  text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
  type     smallint NOT NULL CHECK (type BETWEEN 0 AND 3),
  purchase bigint NOT NULL CHECK (purchase >= 0),   -- once, minor units
  monthly  bigint NOT NULL CHECK (monthly >= 0),
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  PRIMARY KEY (org_id, country, type)
);

CREATE TABLE wallet (
  org_id       uuid NOT NULL,
  workspace_id uuid NOT NULL,
  currency     text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  balance      bigint NOT NULL DEFAULT 0 CHECK (balance >= 0),  -- the sum of its entries on account 1
  transfers    bigint NOT NULL DEFAULT 0,                       -- how many there were
  PRIMARY KEY (org_id, workspace_id),
  FOREIGN KEY (org_id, workspace_id) REFERENCES workspace (org_id, id)
) WITH (fillfactor = 50);

-- Accounts: 1 the wallet's balance, 2 paid in, 3 purchases of numbers, 4 rent of numbers.
CREATE TABLE wallet_entry (
  org_id       uuid NOT NULL,
  workspace_id uuid NOT NULL,
  position     bigint NOT NULL CHECK (position > 0),  -- of the transfer: 1, 2, 3, ... without a gap
  id           uuid NOT NULL,                         -- of the transfer
  name         text NOT NULL CHECK (name <> ''),      -- what the transfer is for; the same one happens once
  account      smallint NOT NULL CHECK (account BETWEEN 1 AND 4),
  amount       bigint NOT NULL CHECK (amount <> 0),   -- minor units; into the account
  at           timestamptz NOT NULL DEFAULT now(),
  number_id    uuid,
  note         text NOT NULL DEFAULT '',
  PRIMARY KEY (org_id, workspace_id, position, account),
  UNIQUE (org_id, workspace_id, name, account),
  FOREIGN KEY (org_id, workspace_id) REFERENCES wallet (org_id, workspace_id)
);

-- Rent that a number costs. Months are counted from `since`, the first of them is in the price of the purchase.
CREATE TABLE number_rent (
  org_id       uuid NOT NULL,
  number_id    uuid NOT NULL,
  since        timestamptz NOT NULL,
  months       integer NOT NULL DEFAULT 0 CHECK (months >= 0),  -- charged
  due_at       timestamptz NOT NULL,                            -- when the next one is charged, or tried again
  unpaid_since timestamptz,                                   -- the wallet couldn't cover it
  PRIMARY KEY (org_id, number_id),
  FOREIGN KEY (org_id, number_id) REFERENCES phone_number (org_id, id)
);
CREATE INDEX number_rent_by_due ON number_rent (org_id, due_at);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['number_price', 'wallet', 'wallet_entry', 'number_rent'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY tenant ON %I TO dialer_api USING (org_id = nullif(current_setting(''app.org'', true), '''')::uuid)', name);
  END LOOP;
END
$$;
GRANT SELECT ON number_price TO dialer_api;
GRANT SELECT, INSERT, UPDATE ON wallet TO dialer_api;
GRANT SELECT, INSERT ON wallet_entry TO dialer_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON number_rent TO dialer_api;
