CREATE TABLE "token_accounts" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text,
	"name" text NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"responsible_account_id" text NOT NULL,
	"version" bigint DEFAULT 1 NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp (3) with time zone,
	CONSTRAINT "token_accounts_status" CHECK ("token_accounts"."status" in ('active', 'disabled'))
);
--> statement-breakpoint
ALTER TABLE "token_accounts" ADD CONSTRAINT "token_accounts_responsible_account_id_accounts_id_fk" FOREIGN KEY ("responsible_account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "token_accounts_organization" ON "token_accounts" USING btree ("organization_id","id");--> statement-breakpoint
CREATE INDEX "token_accounts_responsible" ON "token_accounts" USING btree ("responsible_account_id");--> statement-breakpoint
ALTER TABLE "admin_tokens" ADD COLUMN "last_used_ip" text;--> statement-breakpoint
ALTER TABLE "admin_tokens" ADD COLUMN "maker_account_id" text;--> statement-breakpoint
ALTER TABLE "admin_tokens" ADD COLUMN "service_account_id" text;--> statement-breakpoint
ALTER TABLE "admin_tokens" ADD COLUMN "origin" text;--> statement-breakpoint
ALTER TABLE "admin_tokens" ADD COLUMN "unowned_ends_at" timestamp (3) with time zone DEFAULT now() + interval '30 days';--> statement-breakpoint
ALTER TABLE "admin_tokens" ADD COLUMN "permissions" text[];--> statement-breakpoint
ALTER TABLE "admin_tokens" ADD COLUMN "organization_ids" text[];--> statement-breakpoint
ALTER TABLE "admin_tokens" ADD COLUMN "networks" text[];--> statement-breakpoint
ALTER TABLE "admin_tokens" ADD COLUMN "version" bigint DEFAULT 1 NOT NULL;--> statement-breakpoint
CREATE INDEX "admin_tokens_maker" ON "admin_tokens" USING btree ("maker_account_id");--> statement-breakpoint
CREATE INDEX "admin_tokens_service_account" ON "admin_tokens" USING btree ("service_account_id");--> statement-breakpoint
-- Written by hand from here. Tokens of the recovery command belong to the installation.
UPDATE "admin_tokens" SET "origin" = 'command_line', "unowned_ends_at" = NULL WHERE "created_by" = 'command_line';--> statement-breakpoint
-- Whoever made a token and could hold its role today owns it; so does the maker of one that is history. The others keep working for 30 days.
UPDATE "admin_tokens" AS "t" SET "maker_account_id" = "t"."created_by", "unowned_ends_at" = NULL
FROM "accounts" AS "a"
WHERE "a"."id" = "t"."created_by" AND ("t"."revoked_at" IS NOT NULL OR "a"."status" = 'active' AND (
	"a"."platform_role" = 'platform_admin'
	OR "t"."organization_id" IS NULL AND "a"."platform_role" = "t"."role"
	OR EXISTS (SELECT FROM "memberships" AS "m" WHERE "m"."organization_id" = "t"."organization_id" AND "m"."account_id" = "a"."id"
		AND "m"."status" = 'active' AND ("m"."role" = 'org_owner' OR "m"."role" = "t"."role"
			OR "m"."role" = 'org_admin' AND "t"."role" IN ('org_billing', 'org_member')))));--> statement-breakpoint
-- A replica of the version before writes rows without an owner: they get the one that this version would give them.
CREATE FUNCTION "own_admin_token"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW."maker_account_id" IS NOT NULL OR NEW."service_account_id" IS NOT NULL OR NEW."origin" IS NOT NULL THEN
		RETURN NEW;
	END IF;
	IF NEW."created_by" LIKE 'acct\_%' THEN
		NEW."maker_account_id" := NEW."created_by";
		NEW."unowned_ends_at" := NULL;
	ELSIF NEW."created_by" = 'command_line' THEN
		NEW."origin" := 'command_line';
		NEW."unowned_ends_at" := NULL;
	ELSIF NEW."created_by" LIKE 'adm\_%' THEN
		SELECT "m"."maker_account_id", "m"."service_account_id", CASE WHEN "m"."origin" IS NULL THEN NULL ELSE 'token' END, "m"."unowned_ends_at"
		INTO NEW."maker_account_id", NEW."service_account_id", NEW."origin", NEW."unowned_ends_at"
		FROM "admin_tokens" AS "m" WHERE "m"."id" = NEW."created_by";
	END IF;
	RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER "admin_tokens_owned" BEFORE INSERT ON "admin_tokens" FOR EACH ROW EXECUTE FUNCTION "own_admin_token"();
