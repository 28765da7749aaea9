-- The second line between organisations. The API speaks as dialer_api, which owns nothing and bypasses nothing: it sees
-- the rows of the organisation its transaction named (SET LOCAL app.org) and, when none is named, no row at all. What is
-- not granted here it can't touch. The engine, which serves all organisations and writes by COPY (refused to a role
-- under a policy), is the tables' owner and stays outside.

DO $$
BEGIN
  CREATE ROLE dialer_api NOLOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT;
EXCEPTION
  WHEN duplicate_object OR unique_violation THEN NULL;   -- made for another database of this server
  WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'the role dialer_api is missing and % may not create it', current_user
      USING DETAIL = format('run as a superuser: CREATE ROLE dialer_api NOLOGIN; GRANT dialer_api TO %I;', current_user);
END
$$;
DO $$
BEGIN
  IF NOT pg_has_role(current_user, 'dialer_api', 'MEMBER') THEN
    EXECUTE format('GRANT dialer_api TO %I', current_user);
  END IF;
END
$$;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['organisation', 'org_owner', 'batch_mark', 'workspace', 'agent', 'integration',
      'carrier_account', 'phone_number', 'outbound_assignment', 'campaign', 'opt_out', 'do_not_call_list', 'lane',
      'contact', 'campaign_import', 'contact_wait', 'contact_end', 'intent', 'outcome', 'call_event', 'api_key'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY tenant ON %I TO dialer_api USING (org_id = nullif(current_setting(''app.org'', true), '''')::uuid)', name);
  END LOOP;
END
$$;

ALTER VIEW contact_state SET (security_invoker = true);

GRANT SELECT ON organisation, org_owner, workspace, agent, integration, phone_number, outbound_assignment, campaign,
  opt_out, do_not_call_list, lane, contact, campaign_import, contact_wait, contact_end, intent, outcome, contact_state,
  api_key TO dialer_api;
GRANT UPDATE (generation) ON org_owner TO dialer_api;
GRANT UPDATE (sharing, keys_version) ON organisation TO dialer_api;
GRANT INSERT, UPDATE ON workspace, agent, campaign, opt_out TO dialer_api;
GRANT INSERT, UPDATE (revoked_at) ON api_key TO dialer_api;
