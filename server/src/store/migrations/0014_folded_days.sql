CREATE TABLE "scope_days" (
	"organization_id" text NOT NULL,
	"fold" integer NOT NULL,
	"scope" text NOT NULL,
	"scope_id" text NOT NULL,
	"called_name" text NOT NULL,
	"day" date NOT NULL,
	"requests" bigint DEFAULT 0 NOT NULL,
	"tokens" bigint DEFAULT 0 NOT NULL,
	"nano_usd" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "scope_days_pk" PRIMARY KEY("organization_id","fold","scope","scope_id","called_name","day")
);
--> statement-breakpoint
CREATE TABLE "scope_marks" (
	"organization_id" text PRIMARY KEY NOT NULL,
	"fold" integer DEFAULT 0 NOT NULL,
	"time_zone" text DEFAULT 'UTC' NOT NULL,
	"since" timestamp (3) with time zone DEFAULT '1970-01-01 00:00:00+00' NOT NULL,
	"until" timestamp (3) with time zone DEFAULT '1970-01-01 00:00:00+00' NOT NULL
);
--> statement-breakpoint
CREATE TABLE "scope_months" (
	"organization_id" text NOT NULL,
	"fold" integer NOT NULL,
	"scope" text NOT NULL,
	"scope_id" text NOT NULL,
	"called_name" text NOT NULL,
	"month" date NOT NULL,
	"requests" bigint DEFAULT 0 NOT NULL,
	"tokens" bigint DEFAULT 0 NOT NULL,
	"nano_usd" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "scope_months_pk" PRIMARY KEY("organization_id","fold","scope","scope_id","called_name","month")
);
--> statement-breakpoint
CREATE INDEX "scope_marks_unfilled" ON "scope_marks" USING btree ("since") WHERE "scope_marks"."since" > '1970-01-01 00:00:00+00';