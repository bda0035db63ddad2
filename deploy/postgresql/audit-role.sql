-- Takes the audit tables away from the role that the gateway connects as: it may then read and insert events, and nothing else.
-- Without this the gateway's role owns the tables, and an owner can switch triggers off.
--
-- Run it once, as a superuser, in the gateway's database and schema, after the gateway has started there:
--   psql "$SUPERUSER_URL" --set=gateway=headgate --file=audit-role.sql
-- `gateway` is the role in DATABASE_URL. It must own neither the database nor the schema, because such an owner can drop the tables.
-- Before an upgrade that changes these tables, give them back with audit-role-undo.sql, and run this again afterwards.
\set ON_ERROR_STOP on
BEGIN;
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'headgate_audit') THEN CREATE ROLE headgate_audit NOLOGIN; END IF;
END $$;
ALTER TABLE audit_events OWNER TO headgate_audit;
ALTER TABLE audit_heads OWNER TO headgate_audit;
ALTER FUNCTION refuse_audit_change() OWNER TO headgate_audit;
ALTER FUNCTION refuse_audit_head_back() OWNER TO headgate_audit;
REVOKE ALL ON audit_events, audit_heads FROM :"gateway";
GRANT SELECT, INSERT ON audit_events TO :"gateway";
GRANT SELECT, INSERT, UPDATE ON audit_heads TO :"gateway";
COMMIT;
