-- Opt-outs come all day, one by one, and change nothing but themselves: who hears of a new generation reads what people
-- set up again only when that is part of it.

ALTER TABLE org_owner ADD COLUMN settings_generation bigint NOT NULL DEFAULT 0;  -- the last one that changed more than opt-outs
UPDATE org_owner SET settings_generation = generation;

GRANT UPDATE (settings_generation) ON org_owner TO dialer_api;
