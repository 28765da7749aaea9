-- Opt-outs come all day, one by one, and change nothing but themselves: who hears of a new generation reads what people
-- set up again only when there are more new generations than opt-outs account for. So a writer that does not know of
-- this column is taken to have changed everything.

ALTER TABLE org_owner ADD COLUMN opt_out_generations bigint NOT NULL DEFAULT 0;  -- of `generation`, those of opt-outs alone

GRANT UPDATE (opt_out_generations) ON org_owner TO dialer_api;
