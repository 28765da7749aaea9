-- Attempts of one campaign in the order of time: lists and exports. Grows at its right edge, campaign by campaign.
CREATE INDEX intent_by_campaign ON intent (org_id, campaign_id, attempt_id);
