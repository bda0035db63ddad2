CREATE TABLE "saved_views" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"organization_id" text,
	"name" text NOT NULL,
	"path" text NOT NULL,
	"query" text NOT NULL,
	"version" bigint DEFAULT 1 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "scheduled_mail_deliveries" (
	"schedule_id" text NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"account_id" text NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"problem" text,
	"tried_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "scheduled_mail_deliveries_pk" PRIMARY KEY("schedule_id","due_at","account_id"),
	CONSTRAINT "scheduled_mail_deliveries_status" CHECK ("scheduled_mail_deliveries"."status" in ('pending', 'sending', 'sent', 'refused', 'failed'))
);
--> statement-breakpoint
CREATE TABLE "scheduled_mails" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"name" text NOT NULL,
	"saved_view_id" text,
	"every" text NOT NULL,
	"day" smallint NOT NULL,
	"hour" smallint NOT NULL,
	"form" text NOT NULL,
	"recipients" text[] DEFAULT '{}' NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"version" bigint DEFAULT 1 NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "scheduled_mails_every" CHECK ("scheduled_mails"."every" in ('week', 'month')),
	CONSTRAINT "scheduled_mails_form" CHECK ("scheduled_mails"."form" in ('csv', 'table')),
	CONSTRAINT "scheduled_mails_status" CHECK ("scheduled_mails"."status" in ('active', 'paused'))
);
--> statement-breakpoint
ALTER TABLE "saved_views" ADD CONSTRAINT "saved_views_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "saved_views" ADD CONSTRAINT "saved_views_organization_id_organizations_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "scheduled_mail_deliveries" ADD CONSTRAINT "scheduled_mail_deliveries_schedule_id_scheduled_mails_id_fk" FOREIGN KEY ("schedule_id") REFERENCES "public"."scheduled_mails"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "scheduled_mails" ADD CONSTRAINT "scheduled_mails_organization_id_organizations_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "scheduled_mails" ADD CONSTRAINT "scheduled_mails_saved_view_id_saved_views_id_fk" FOREIGN KEY ("saved_view_id") REFERENCES "public"."saved_views"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "saved_views_account" ON "saved_views" USING btree ("account_id","id");--> statement-breakpoint
CREATE INDEX "saved_views_organization" ON "saved_views" USING btree ("organization_id","id") WHERE "saved_views"."organization_id" is not null;--> statement-breakpoint
CREATE INDEX "scheduled_mail_deliveries_open" ON "scheduled_mail_deliveries" USING btree ("tried_at") WHERE "scheduled_mail_deliveries"."status" in ('pending', 'sending');--> statement-breakpoint
CREATE INDEX "scheduled_mails_organization" ON "scheduled_mails" USING btree ("organization_id","id");--> statement-breakpoint
CREATE INDEX "scheduled_mails_due" ON "scheduled_mails" USING btree ("due_at") WHERE "scheduled_mails"."status" = 'active';