-- The kill switch of each thing that calls go through, beside that of the organisation (org_owner.frozen). A flag of its
-- own, that no configuration file and no resumed campaign takes back.

ALTER TABLE workspace ADD COLUMN frozen boolean NOT NULL DEFAULT false;
ALTER TABLE agent ADD COLUMN frozen boolean NOT NULL DEFAULT false;
ALTER TABLE campaign ADD COLUMN frozen boolean NOT NULL DEFAULT false;
ALTER TABLE integration ADD COLUMN frozen boolean NOT NULL DEFAULT false;
ALTER TABLE phone_number ADD COLUMN frozen boolean NOT NULL DEFAULT false;

GRANT UPDATE (frozen) ON org_owner, phone_number TO dialer_api;
