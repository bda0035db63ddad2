ALTER TABLE "identity_providers" ADD COLUMN "next_config" jsonb;--> statement-breakpoint
ALTER TABLE "identity_providers" ADD COLUMN "next_sealed" "bytea";--> statement-breakpoint
ALTER TABLE "session_evidence" ADD COLUMN "method" text;--> statement-breakpoint
ALTER TABLE "sign_in_policies" ADD COLUMN "asks_again" boolean DEFAULT false NOT NULL;