ALTER TABLE "credentials" ADD COLUMN "kind" text DEFAULT 'api_key' NOT NULL;--> statement-breakpoint
ALTER TABLE "credentials" ADD COLUMN "settings" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "credentials" ADD COLUMN "other_sealed" "bytea";--> statement-breakpoint
ALTER TABLE "credentials" ADD COLUMN "other_last_four" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "credentials" ADD COLUMN "other_until" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "credentials" ADD CONSTRAINT "credentials_kind" CHECK ("credentials"."kind" in ('api_key', 'aws_static', 'aws_bearer', 'azure_entra', 'gcp_service_account', 'ambient')) NOT VALID;