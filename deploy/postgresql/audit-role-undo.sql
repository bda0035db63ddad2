-- Gives the audit tables back to the role that the gateway connects as: before an upgrade that changes them, or a restore.
--   psql "$SUPERUSER_URL" --set=gateway=headgate --file=audit-role-undo.sql
\set ON_ERROR_STOP on
BEGIN;
ALTER TABLE audit_events OWNER TO :"gateway";
ALTER TABLE audit_heads OWNER TO :"gateway";
ALTER FUNCTION refuse_audit_change() OWNER TO :"gateway";
ALTER FUNCTION refuse_audit_head_back() OWNER TO :"gateway";
COMMIT;
