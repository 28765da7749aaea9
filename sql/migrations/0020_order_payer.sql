-- Whose wallet paid for an order: the number may be another workspace's by the time that it is paid back.
ALTER TABLE number_order ADD COLUMN workspace_id uuid;
UPDATE number_order o SET workspace_id = n.workspace_id FROM phone_number n
  WHERE n.org_id = o.org_id AND n.id = o.number_id;
ALTER TABLE number_order ALTER COLUMN workspace_id SET NOT NULL;
