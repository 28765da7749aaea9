-- Carrier accounts that are made over the API. Their secrets stand in the columns that held only references so far, as
-- "sealed:...": encrypted under a key that only engines have, and bound to organisation, row and column.

ALTER TABLE integration ADD COLUMN revoked_at timestamptz;   -- null: in force; a revoked one holds no secret

GRANT INSERT, UPDATE ON integration TO dialer_api;
GRANT SELECT, INSERT ON carrier_account TO dialer_api;
