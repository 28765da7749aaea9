-- Contacts that are to be called before the campaign's others: in lanes of their own, beside those of the same places.

ALTER TABLE lane ADD COLUMN urgent boolean NOT NULL DEFAULT false;
ALTER TABLE lane DROP CONSTRAINT lane_org_id_campaign_id_place_key;
ALTER TABLE lane ADD CONSTRAINT lane_of_place UNIQUE (org_id, campaign_id, place, urgent);

GRANT INSERT ON lane, contact TO dialer_api;
