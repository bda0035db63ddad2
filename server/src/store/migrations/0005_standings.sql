CREATE TABLE "organization_standings" (
	"organization_id" text PRIMARY KEY NOT NULL,
	"lifecycle" text DEFAULT 'active' NOT NULL,
	"judgement" text DEFAULT 'idle' NOT NULL,
	"status" text GENERATED ALWAYS AS (case when lifecycle = 'active' then judgement else lifecycle end) STORED NOT NULL,
	"budget_used_ppm" bigint DEFAULT -1 NOT NULL,
	"spend_period_nano_usd" bigint DEFAULT 0 NOT NULL,
	"spend_30d_nano_usd" bigint DEFAULT 0 NOT NULL,
	"daily_spend_nano_usd" bigint[] DEFAULT '{}' NOT NULL,
	"requests_30d" bigint DEFAULT 0 NOT NULL,
	"team_count" integer DEFAULT 0 NOT NULL,
	"member_count" integer DEFAULT 0 NOT NULL,
	"key_count" integer DEFAULT 0 NOT NULL,
	"granted_targets" integer DEFAULT 0 NOT NULL,
	"catalogue_version" bigint DEFAULT -1 NOT NULL,
	"as_of" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"due_at" timestamp (3) with time zone DEFAULT timestamptz 'epoch' NOT NULL,
	CONSTRAINT "organization_standings_lifecycle" CHECK ("organization_standings"."lifecycle" in ('active', 'suspended', 'archived'))
);
--> statement-breakpoint
CREATE TABLE "standing_changes" (
	"organization_id" text PRIMARY KEY NOT NULL,
	"changed_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "organization_days" (
	"organization_id" text NOT NULL,
	"day_start" timestamp (3) with time zone NOT NULL,
	"requests" bigint DEFAULT 0 NOT NULL,
	"estimated_requests" bigint DEFAULT 0 NOT NULL,
	"refused_requests" bigint DEFAULT 0 NOT NULL,
	"admitted" bigint DEFAULT 0 NOT NULL,
	"input_tokens" bigint DEFAULT 0 NOT NULL,
	"cached_input_tokens" bigint DEFAULT 0 NOT NULL,
	"cache_write_tokens" bigint DEFAULT 0 NOT NULL,
	"output_tokens" bigint DEFAULT 0 NOT NULL,
	"reasoning_tokens" bigint DEFAULT 0 NOT NULL,
	"total_tokens" bigint DEFAULT 0 NOT NULL,
	"spend_nano_usd" bigint DEFAULT 0 NOT NULL,
	"unpriced_requests" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "organization_days_pk" PRIMARY KEY("organization_id","day_start")
);
--> statement-breakpoint
CREATE TABLE "platform_rollups" (
	"bucket_start" timestamp (3) with time zone NOT NULL,
	"called_name" text NOT NULL,
	"deployment_id" text NOT NULL,
	"provider" text NOT NULL,
	"requests" bigint DEFAULT 0 NOT NULL,
	"estimated_requests" bigint DEFAULT 0 NOT NULL,
	"refused_requests" bigint DEFAULT 0 NOT NULL,
	"admitted" bigint DEFAULT 0 NOT NULL,
	"input_tokens" bigint DEFAULT 0 NOT NULL,
	"cached_input_tokens" bigint DEFAULT 0 NOT NULL,
	"cache_write_tokens" bigint DEFAULT 0 NOT NULL,
	"output_tokens" bigint DEFAULT 0 NOT NULL,
	"reasoning_tokens" bigint DEFAULT 0 NOT NULL,
	"total_tokens" bigint DEFAULT 0 NOT NULL,
	"spend_nano_usd" bigint DEFAULT 0 NOT NULL,
	"unpriced_requests" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "platform_rollups_pk" PRIMARY KEY("bucket_start","called_name","deployment_id","provider")
);
--> statement-breakpoint
DROP INDEX "keys_name";--> statement-breakpoint
DROP INDEX "organizations_name";--> statement-breakpoint
DROP INDEX "teams_name";--> statement-breakpoint
ALTER TABLE "organization_standings" ADD CONSTRAINT "organization_standings_organization_id_organizations_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "organization_standings_due" ON "organization_standings" USING btree ("due_at");--> statement-breakpoint
CREATE INDEX "organization_standings_catalogue" ON "organization_standings" USING btree ("catalogue_version");--> statement-breakpoint
CREATE INDEX "organization_standings_spend" ON "organization_standings" USING btree ("spend_30d_nano_usd","organization_id");--> statement-breakpoint
CREATE INDEX "organization_standings_budget" ON "organization_standings" USING btree ("budget_used_ppm","organization_id");--> statement-breakpoint
CREATE INDEX "organization_standings_requests" ON "organization_standings" USING btree ("requests_30d","organization_id");--> statement-breakpoint
CREATE INDEX "organization_standings_teams" ON "organization_standings" USING btree ("team_count","organization_id");--> statement-breakpoint
CREATE INDEX "organization_standings_members" ON "organization_standings" USING btree ("member_count","organization_id");--> statement-breakpoint
CREATE INDEX "organization_standings_keys" ON "organization_standings" USING btree ("key_count","organization_id");--> statement-breakpoint
CREATE INDEX "organization_standings_status" ON "organization_standings" USING btree ("status","organization_id");--> statement-breakpoint
CREATE INDEX "organization_days_day" ON "organization_days" USING btree ("day_start");--> statement-breakpoint
CREATE INDEX "keys_id" ON "keys" USING btree ("id");--> statement-breakpoint
CREATE INDEX "keys_name_everywhere" ON "keys" USING btree ((lower("name") collate "C"),"id");--> statement-breakpoint
CREATE INDEX "keys_inactive" ON "keys" USING btree ("status","id") WHERE "keys"."status" <> 'active';--> statement-breakpoint
CREATE INDEX "keys_inactive_name" ON "keys" USING btree ("status",(lower("name") collate "C"),"id") WHERE "keys"."status" <> 'active';--> statement-breakpoint
CREATE INDEX "organizations_slug_prefix" ON "organizations" USING btree ((lower("slug") collate "C"),"id");--> statement-breakpoint
CREATE INDEX "teams_name_everywhere" ON "teams" USING btree ((lower("name") collate "C"),"id");--> statement-breakpoint
CREATE INDEX "teams_id" ON "teams" USING btree ("id");--> statement-breakpoint
CREATE INDEX "keys_name" ON "keys" USING btree ("organization_id",(lower("name") collate "C"),"id");--> statement-breakpoint
CREATE INDEX "organizations_name" ON "organizations" USING btree ((lower("name") collate "C"),"id");--> statement-breakpoint
CREATE INDEX "teams_name" ON "teams" USING btree ("organization_id",(lower("name") collate "C"),"id");