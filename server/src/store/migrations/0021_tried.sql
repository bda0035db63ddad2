CREATE TABLE "attempt_rollups" (
	"organization_id" text NOT NULL,
	"bucket_start" timestamp (3) with time zone NOT NULL,
	"team_id" text NOT NULL,
	"member_id" text DEFAULT '' NOT NULL,
	"deployment_id" text NOT NULL,
	"provider" text NOT NULL,
	"attempts" bigint DEFAULT 0 NOT NULL,
	"errors" bigint DEFAULT 0 NOT NULL,
	"caller_errors" bigint DEFAULT 0 NOT NULL,
	"last_error_at" timestamp (3) with time zone,
	"last_error_request_id" text,
	"first_fault_at" timestamp (3) with time zone,
	"last_fault_at" timestamp (3) with time zone,
	CONSTRAINT "attempt_rollups_pk" PRIMARY KEY("organization_id","bucket_start","team_id","member_id","deployment_id","provider")
);
--> statement-breakpoint
CREATE INDEX "attempt_rollups_deployment" ON "attempt_rollups" USING btree ("deployment_id","bucket_start");--> statement-breakpoint
CREATE INDEX "attempt_rollups_time" ON "attempt_rollups" USING btree ("bucket_start");--> statement-breakpoint
-- Written by hand, in step with schema/records.ts: drizzle-kit knows no partitions.
ALTER TABLE "request_log" ADD COLUMN "tried" text;
