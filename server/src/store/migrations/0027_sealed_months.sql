CREATE TABLE "sealed_months" (
	"organization_id" text NOT NULL,
	"month" date NOT NULL,
	"seal" integer NOT NULL,
	"through" timestamp (3) with time zone NOT NULL,
	"sealed_at" timestamp (3) with time zone NOT NULL,
	"entries" bigint NOT NULL,
	"total_tokens" bigint NOT NULL,
	"input_tokens" bigint NOT NULL,
	"output_tokens" bigint NOT NULL,
	"nano_usd" bigint NOT NULL,
	"hash" "bytea" NOT NULL,
	CONSTRAINT "sealed_months_pk" PRIMARY KEY("organization_id","month","seal")
);
