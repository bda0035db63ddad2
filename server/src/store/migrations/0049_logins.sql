CREATE TABLE "login_policies" (
	"organization_id" text PRIMARY KEY NOT NULL,
	"logins" text NOT NULL,
	"version" bigint DEFAULT 1 NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "login_policies_logins" CHECK ("login_policies"."logins" in ('any', 'loopback', 'off'))
);
--> statement-breakpoint
CREATE TABLE "login_requests" (
	"hash" "bytea" PRIMARY KEY NOT NULL,
	"way" text NOT NULL,
	"state" text DEFAULT 'pending' NOT NULL,
	"user_code_hash" "bytea",
	"device_name" text NOT NULL,
	"client" text NOT NULL,
	"ip" text,
	"code_challenge" text,
	"redirect_uri" text,
	"seen_by" text,
	"organization_id" text,
	"key_id" text,
	"interval_seconds" integer NOT NULL,
	"polled_at" timestamp (3) with time zone,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "login_requests_way" CHECK ("login_requests"."way" in ('loopback', 'device')),
	CONSTRAINT "login_requests_state" CHECK ("login_requests"."state" in ('pending', 'approved', 'denied', 'used'))
);
--> statement-breakpoint
CREATE TABLE "logins" (
	"organization_id" text NOT NULL,
	"key_id" text NOT NULL,
	"account_id" text NOT NULL,
	"device_name" text NOT NULL,
	"client" text NOT NULL,
	"way" text NOT NULL,
	"ip" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"refreshed_at" timestamp (3) with time zone,
	"ends_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"ended_by" text,
	CONSTRAINT "logins_organization_id_key_id_pk" PRIMARY KEY("organization_id","key_id"),
	CONSTRAINT "logins_way" CHECK ("logins"."way" in ('loopback', 'device'))
);
--> statement-breakpoint
CREATE TABLE "managed_settings" (
	"organization_id" text NOT NULL,
	"team_id" text NOT NULL,
	"settings" jsonb NOT NULL,
	"version" bigint DEFAULT 1 NOT NULL,
	"updated_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "managed_settings_organization_id_team_id_pk" PRIMARY KEY("organization_id","team_id")
);
--> statement-breakpoint
CREATE TABLE "login_refresh_tokens" (
	"hash" "bytea" PRIMARY KEY NOT NULL,
	"pepper" text NOT NULL,
	"organization_id" text NOT NULL,
	"key_id" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"used_at" timestamp (3) with time zone,
	"successor" "bytea"
);
--> statement-breakpoint
ALTER TABLE "login_policies" ADD CONSTRAINT "login_policies_organization_id_organizations_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "logins" ADD CONSTRAINT "logins_organization_id_key_id_keys_organization_id_id_fk" FOREIGN KEY ("organization_id","key_id") REFERENCES "public"."keys"("organization_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "managed_settings" ADD CONSTRAINT "managed_settings_organization_id_organizations_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "login_requests_user_code" ON "login_requests" USING btree ("user_code_hash") WHERE "login_requests"."user_code_hash" is not null;--> statement-breakpoint
CREATE INDEX "login_requests_expires_at" ON "login_requests" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "logins_account" ON "logins" USING btree ("account_id","key_id");--> statement-breakpoint
CREATE INDEX "logins_living" ON "logins" USING btree ("ends_at") WHERE "logins"."ended_at" is null;--> statement-breakpoint
CREATE INDEX "login_refresh_tokens_key" ON "login_refresh_tokens" USING btree ("organization_id","key_id");--> statement-breakpoint
CREATE INDEX "login_refresh_tokens_expires_at" ON "login_refresh_tokens" USING btree ("expires_at");