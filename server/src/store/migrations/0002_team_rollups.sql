CREATE TABLE "team_rollups" (
	"organization_id" text NOT NULL,
	"hour_start" timestamp (3) with time zone NOT NULL,
	"team_id" text NOT NULL,
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
	CONSTRAINT "team_rollups_pk" PRIMARY KEY("organization_id","hour_start","team_id","called_name","deployment_id","provider")
);
--> statement-breakpoint
DROP INDEX "rollups_team";--> statement-breakpoint
DROP INDEX "rollups_member";--> statement-breakpoint
CREATE INDEX "rollups_member" ON "rollups" USING btree ("organization_id","member_id","bucket_start") WHERE "rollups"."member_id" <> '';