ALTER TABLE "keys" ADD COLUMN "kind" text DEFAULT 'api' NOT NULL;--> statement-breakpoint
ALTER TABLE "keys" ADD CONSTRAINT "keys_kind" CHECK ("keys"."kind" in ('api', 'login', 'workload')) NOT VALID;