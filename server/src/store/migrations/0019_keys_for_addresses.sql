ALTER TABLE "credentials" ADD COLUMN "sealed_for" text DEFAULT 'row' NOT NULL;--> statement-breakpoint
ALTER TABLE "process_leases" ADD COLUMN "knows" text;--> statement-breakpoint
ALTER TABLE "credentials" ADD CONSTRAINT "credentials_sealed_for" CHECK ("credentials"."sealed_for" in ('row', 'address'));
