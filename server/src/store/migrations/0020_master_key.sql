ALTER TABLE "installation" ADD COLUMN "next_wrapped_keys" jsonb;--> statement-breakpoint
ALTER TABLE "installation" ADD COLUMN "next_master_key_check" text;--> statement-breakpoint
ALTER TABLE "installation" ADD COLUMN "journal_id" text;--> statement-breakpoint
ALTER TABLE "installation" ADD CONSTRAINT "installation_next_is_whole" CHECK (("installation"."next_wrapped_keys" is null) = ("installation"."next_master_key_check" is null));--> statement-breakpoint
ALTER TABLE "process_leases" ADD COLUMN "master_key" text;--> statement-breakpoint
ALTER TABLE "key_secrets" ADD COLUMN "pepper" text;--> statement-breakpoint
ALTER TABLE "admin_tokens" ADD COLUMN "pepper" text;--> statement-breakpoint
ALTER TABLE "organizations" ADD COLUMN "content_key_by" text DEFAULT 'master' NOT NULL;--> statement-breakpoint
ALTER TABLE "organizations" ADD CONSTRAINT "organizations_content_key_by" CHECK ("organizations"."content_key_by" in ('master', 'installation')) NOT VALID;
