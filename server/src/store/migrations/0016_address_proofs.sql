CREATE TABLE "address_proofs" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"address" text NOT NULL,
	"how" text NOT NULL,
	"proved_at" timestamp (3) with time zone NOT NULL,
	"proved_by" text NOT NULL,
	"proved_by_name" text NOT NULL,
	"reason" text,
	CONSTRAINT "address_proofs_how" CHECK ("address_proofs"."how" in ('mail', 'operator', 'platform_admin', 'identity_provider'))
);
--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "made_how" text;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "made_by" text;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "made_by_name" text;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "bound_organization_id" text;--> statement-breakpoint
ALTER TABLE "invitations" ADD COLUMN "mail_hash" "bytea";--> statement-breakpoint
ALTER TABLE "one_time_links" ADD COLUMN "mailed_to" text;--> statement-breakpoint
ALTER TABLE "passkeys" ADD COLUMN "added_how" text;--> statement-breakpoint
ALTER TABLE "sign_in_methods" ADD COLUMN "added_how" text;--> statement-breakpoint
ALTER TABLE "two_factors" ADD COLUMN "added_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "address_proofs" ADD CONSTRAINT "address_proofs_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "address_proofs_once" ON "address_proofs" USING btree ("account_id","address","how","proved_by");--> statement-breakpoint
CREATE INDEX "accounts_origin_unknown" ON "accounts" USING btree ("id") WHERE "accounts"."made_how" is null;--> statement-breakpoint
CREATE INDEX "invitations_accepted_by" ON "invitations" USING btree ("accepted_by") WHERE "invitations"."accepted_by" is not null;