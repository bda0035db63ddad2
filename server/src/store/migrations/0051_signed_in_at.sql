ALTER TABLE "session_evidence" ADD COLUMN "authenticated_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "sign_in_flows" ADD COLUMN "asks_again" boolean DEFAULT false NOT NULL;