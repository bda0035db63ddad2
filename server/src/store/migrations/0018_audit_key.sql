ALTER TABLE "audit_events" ADD COLUMN "mac" bytea;--> statement-breakpoint
-- Written by hand: drizzle-kit knows no triggers. They stop mistakes and roles that do not own the tables; who owns a table can drop them.
CREATE FUNCTION "refuse_audit_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
--> statement-breakpoint
CREATE FUNCTION "refuse_audit_head_back"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW."seq" < OLD."seq" OR NEW."chain" <> OLD."chain" THEN
		RAISE EXCEPTION 'the head of an audit chain never goes back' USING ERRCODE = 'restrict_violation';
	END IF;
	RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER "audit_events_only_grow" BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_events" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_audit_change"();--> statement-breakpoint
CREATE TRIGGER "audit_heads_stay" BEFORE DELETE OR TRUNCATE ON "audit_heads" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_audit_change"();--> statement-breakpoint
CREATE TRIGGER "audit_heads_go_on" BEFORE UPDATE ON "audit_heads" FOR EACH ROW EXECUTE FUNCTION "refuse_audit_head_back"();
