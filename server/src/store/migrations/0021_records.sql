-- Written by hand: drizzle-kit knows neither partitions, functions nor triggers. Keep in step with schema/records.ts.
-- An id is stored as the 16 bytes of its UUID. Another text is stored as its characters after a tilde, and never has 16 bytes.
CREATE FUNCTION "short_id"("prefix" text, "id" text) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN octet_length(id) = octet_length(prefix) + 33 AND starts_with(id, prefix || '_') THEN decode(right(id, 32), 'hex')
    ELSE decode(CASE octet_length(id) WHEN 15 THEN '~~' ELSE '~' END || replace(id, '\', '\\'), 'escape') END
$$;
--> statement-breakpoint
CREATE FUNCTION "long_id"("prefix" text, "id" bytea) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN octet_length(id) = 16 THEN prefix || '_' || encode(id, 'hex') ELSE ltrim(replace(encode(id, 'escape'), '\\', '\'), '~') END
$$;
--> statement-breakpoint
-- Columns of eight bytes come first and texts last, because each value is aligned to its size.
CREATE TABLE "request_records" (
	"admitted_at" timestamp (3) with time zone NOT NULL,
	"stored_by" xid8 DEFAULT pg_current_xact_id() NOT NULL,
	"total_tokens" bigint DEFAULT 0 NOT NULL,
	"input_tokens" bigint,
	"output_tokens" bigint,
	"cached_input_tokens" bigint,
	"cache_write_tokens" bigint,
	"reasoning_tokens" bigint,
	"nano_usd" bigint,
	"gateway_us" integer NOT NULL,
	"provider_ms" integer,
	"first_token_ms" integer,
	"count" integer DEFAULT 1 NOT NULL,
	"http_status" smallint NOT NULL,
	"attempts" smallint NOT NULL,
	"stream" boolean NOT NULL,
	"partly_priced" boolean DEFAULT false NOT NULL,
	"organization_id" bytea NOT NULL,
	"request_id" bytea NOT NULL,
	"team_id" bytea NOT NULL,
	"key_id" bytea NOT NULL,
	"member_id" bytea,
	"service_account_id" bytea,
	"deployment_id" bytea,
	"called_name" text NOT NULL,
	"status" text NOT NULL,
	"endpoint" text NOT NULL,
	"decision" text NOT NULL,
	"code" text,
	"param" text,
	"finish_reason" text,
	"client_request_id" text,
	"other_usage" jsonb,
	"repeat_ids" text[],
	"tags" text[],
	"tag_route" text,
	"tried" text,
	"end_user" text,
	"session" text,
	"client" text,
	CONSTRAINT "request_records_pk" PRIMARY KEY ("organization_id", "admitted_at", "request_id")
) PARTITION BY RANGE ("admitted_at");
--> statement-breakpoint
CREATE INDEX "request_records_key" ON "request_records" USING btree ("key_id", "admitted_at");
--> statement-breakpoint
CREATE INDEX "request_records_team" ON "request_records" USING btree ("team_id", "admitted_at");
--> statement-breakpoint
CREATE INDEX "request_records_newest" ON "request_records" USING btree ("admitted_at");
--> statement-breakpoint
CREATE INDEX "request_records_model" ON "request_records" USING btree ("called_name", "admitted_at");
--> statement-breakpoint
CREATE INDEX "request_records_deployment" ON "request_records" USING btree ("deployment_id", "admitted_at") WHERE "deployment_id" is not null;
--> statement-breakpoint
CREATE INDEX "request_records_code" ON "request_records" USING btree ("code", "admitted_at") WHERE "code" is not null;
--> statement-breakpoint
CREATE INDEX "request_records_unsuccessful" ON "request_records" USING btree ("status", "admitted_at") WHERE "status" <> 'succeeded';
--> statement-breakpoint
CREATE INDEX "request_records_status" ON "request_records" USING btree ("organization_id", "status", "admitted_at") WHERE "status" <> 'succeeded';
--> statement-breakpoint
CREATE TABLE "ledger_records" (
	"admitted_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"total_tokens" bigint DEFAULT 0 NOT NULL,
	"input_tokens" bigint,
	"output_tokens" bigint,
	"cached_input_tokens" bigint,
	"cache_write_tokens" bigint,
	"reasoning_tokens" bigint,
	"nano_usd" bigint,
	"attempt" smallint NOT NULL,
	"organization_id" bytea NOT NULL,
	"request_id" bytea NOT NULL,
	"team_id" bytea NOT NULL,
	"key_id" bytea NOT NULL,
	"member_id" bytea,
	"service_account_id" bytea,
	"deployment_id" bytea NOT NULL,
	"price_id" bytea,
	"kind" text NOT NULL,
	"called_name" text NOT NULL,
	"provider" text NOT NULL,
	"upstream_model" text NOT NULL,
	"other_usage" jsonb,
	"service_tier" text,
	"unpriced_units" text,
	CONSTRAINT "ledger_records_pk" PRIMARY KEY ("organization_id", "admitted_at", "request_id", "attempt", "kind")
) PARTITION BY RANGE ("admitted_at");
--> statement-breakpoint
CREATE INDEX "ledger_records_key" ON "ledger_records" USING btree ("key_id", "admitted_at");
--> statement-breakpoint
CREATE INDEX "ledger_records_newest" ON "ledger_records" USING btree ("admitted_at");
--> statement-breakpoint
ALTER TABLE "request_log" ADD COLUMN "is_recorded" boolean DEFAULT false NOT NULL;
--> statement-breakpoint
ALTER TABLE "ledger" ADD COLUMN "is_recorded" boolean DEFAULT false NOT NULL;
--> statement-breakpoint
-- The version before makes months of its own tables only, and may run on into a new month.
CREATE FUNCTION "make_record_month"("at" timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  starts timestamp := date_trunc('month', at AT TIME ZONE 'UTC');
  suffix text := to_char(date_trunc('month', at AT TIME ZONE 'UTC'), '_YYYY_MM');
  parent text;
BEGIN
  IF to_regclass('request_records' || suffix) IS NOT NULL AND to_regclass('ledger_records' || suffix) IS NOT NULL THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(8097873633911041390);
  FOREACH parent IN ARRAY ARRAY['request_records', 'ledger_records'] LOOP
    IF to_regclass(parent || suffix) IS NULL THEN
      EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', parent || suffix, parent);
      EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, parent || suffix,
        starts || '+00', (starts + interval '1 month') || '+00');
    END IF;
  END LOOP;
END $$;
--> statement-breakpoint
-- A row that the version before stores is stored here too, so that one index decides which version stores a request.
CREATE FUNCTION "record_request"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  added integer;
BEGIN
  IF NEW.is_recorded THEN
    RETURN NEW;
  END IF;
  IF EXISTS (SELECT FROM request_log AS l WHERE l.organization_id = NEW.organization_id AND l.admitted_at = NEW.admitted_at
      AND l.request_id = NEW.request_id) THEN
    RETURN NULL;
  END IF;
  PERFORM make_record_month(NEW.admitted_at);
  INSERT INTO request_records (admitted_at, total_tokens, input_tokens, output_tokens, cached_input_tokens, cache_write_tokens,
    reasoning_tokens, nano_usd, gateway_us, provider_ms, first_token_ms, count, http_status, attempts, stream, partly_priced,
    organization_id, request_id, team_id, key_id, member_id, service_account_id, deployment_id, called_name, status, endpoint,
    decision, code, param, finish_reason, client_request_id, other_usage, repeat_ids, tags, tag_route)
  VALUES (NEW.admitted_at, NEW.total_tokens, nullif(NEW.input_tokens, 0), nullif(NEW.output_tokens, 0),
    nullif(NEW.cached_input_tokens, 0), nullif(NEW.cache_write_tokens, 0), nullif(NEW.reasoning_tokens, 0), NEW.nano_usd,
    NEW.gateway_us, NEW.provider_ms, NEW.first_token_ms, NEW.count, NEW.http_status, NEW.attempts, NEW.stream, NEW.partly_priced,
    short_id('org', NEW.organization_id), short_id('req', NEW.request_id), short_id('team', NEW.team_id),
    short_id('key', NEW.key_id), short_id('mem', NEW.member_id), short_id('svc', NEW.service_account_id),
    short_id('dep', NEW.deployment_id), NEW.called_name, NEW.status, NEW.endpoint, NEW.decision, NEW.code, NEW.param,
    NEW.finish_reason, NEW.client_request_id, NEW.other_usage, nullif(NEW.repeat_ids, '{}'), NEW.tags, NEW.tag_route)
  ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS added = ROW_COUNT;
  IF added = 0 THEN
    RETURN NULL;
  END IF;
  NEW.is_recorded := true;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE FUNCTION "record_ledger_entry"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  added integer;
BEGIN
  IF NEW.is_recorded THEN
    RETURN NEW;
  END IF;
  IF EXISTS (SELECT FROM ledger AS l WHERE l.organization_id = NEW.organization_id AND l.admitted_at = NEW.admitted_at
      AND l.request_id = NEW.request_id AND l.attempt = NEW.attempt AND l.kind = NEW.kind) THEN
    RETURN NULL;
  END IF;
  PERFORM make_record_month(NEW.admitted_at);
  INSERT INTO ledger_records (admitted_at, created_at, total_tokens, input_tokens, output_tokens, cached_input_tokens,
    cache_write_tokens, reasoning_tokens, nano_usd, attempt, organization_id, request_id, team_id, key_id, member_id,
    service_account_id, deployment_id, price_id, kind, called_name, provider, upstream_model, other_usage, service_tier,
    unpriced_units)
  VALUES (NEW.admitted_at, NEW.created_at, NEW.total_tokens, nullif(NEW.input_tokens, 0), nullif(NEW.output_tokens, 0),
    nullif(NEW.cached_input_tokens, 0), nullif(NEW.cache_write_tokens, 0), nullif(NEW.reasoning_tokens, 0), NEW.nano_usd,
    NEW.attempt, short_id('org', NEW.organization_id), short_id('req', NEW.request_id), short_id('team', NEW.team_id),
    short_id('key', NEW.key_id), short_id('mem', NEW.member_id), short_id('svc', NEW.service_account_id),
    short_id('dep', NEW.deployment_id), short_id('price', NEW.price_id), NEW.kind, NEW.called_name, NEW.provider,
    NEW.upstream_model, NEW.other_usage, NEW.service_tier, NEW.unpriced_units)
  ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS added = ROW_COUNT;
  IF added = 0 THEN
    RETURN NULL;
  END IF;
  NEW.is_recorded := true;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER "request_log_recorded" BEFORE INSERT ON "request_log" FOR EACH ROW EXECUTE FUNCTION "record_request"();
--> statement-breakpoint
CREATE TRIGGER "ledger_recorded" BEFORE INSERT ON "ledger" FOR EACH ROW EXECUTE FUNCTION "record_ledger_entry"();
--> statement-breakpoint
-- The newest request that was stored when the triggers began to watch, so that only replays of older ones look for it there.
CREATE TABLE "records_from_before" ("until" timestamp (3) with time zone NOT NULL);
--> statement-breakpoint
INSERT INTO "records_from_before" ("until") SELECT coalesce(max("admitted_at"), '-infinity') FROM "request_log";
--> statement-breakpoint
-- Its low cost keeps the planner from compiling the writer's statement, which takes longer than running it.
CREATE FUNCTION "was_stored_before"("organization" text, "at" timestamptz, "request" text) RETURNS boolean LANGUAGE plpgsql STABLE COST 1 AS $$
BEGIN
  RETURN EXISTS (SELECT FROM request_log AS l WHERE l.organization_id = organization AND l.admitted_at = at AND l.request_id = request);
END $$;
--> statement-breakpoint
-- `is_short` says in which of the two forms a row's ids are stored, so that a condition can use the index of each table. Rows that
-- are in both tables are left out outside the union: in it, the planner would read all rows to order them.
CREATE VIEW "requests" AS SELECT * FROM (
  SELECT long_id('org', organization_id) AS organization_id, admitted_at, long_id('req', request_id) AS request_id, client_request_id,
    long_id('team', team_id) AS team_id, long_id('key', key_id) AS key_id, long_id('mem', member_id) AS member_id,
    long_id('svc', service_account_id) AS service_account_id, called_name, status, http_status::integer AS http_status, code, param,
    endpoint, stream, long_id('dep', deployment_id) AS deployment_id, attempts::integer AS attempts, finish_reason, gateway_us,
    provider_ms, first_token_ms, coalesce(input_tokens, 0) AS input_tokens, coalesce(cached_input_tokens, 0) AS cached_input_tokens,
    coalesce(cache_write_tokens, 0) AS cache_write_tokens, coalesce(output_tokens, 0) AS output_tokens,
    coalesce(reasoning_tokens, 0) AS reasoning_tokens, total_tokens, other_usage, nano_usd, partly_priced, decision, count,
    coalesce(repeat_ids, '{}') AS repeat_ids, tags, tag_route, tried, end_user, session, client, true AS is_short,
    organization_id AS short_organization_id, request_id AS short_request_id, team_id AS short_team_id, key_id AS short_key_id,
    member_id AS short_member_id, service_account_id AS short_service_account_id, deployment_id AS short_deployment_id, false AS is_copy
  FROM request_records
  UNION ALL
  SELECT organization_id, admitted_at, request_id, client_request_id, team_id, key_id, member_id, service_account_id, called_name,
    status, http_status, code, param, endpoint, stream, deployment_id, attempts, finish_reason, gateway_us, provider_ms,
    first_token_ms, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, total_tokens,
    other_usage, nano_usd, partly_priced, decision, count, repeat_ids, tags, tag_route, NULL::text, NULL::text, NULL::text,
    NULL::text, false, NULL::bytea, NULL::bytea, NULL::bytea, NULL::bytea, NULL::bytea, NULL::bytea, NULL::bytea, is_recorded
  FROM request_log
) AS either WHERE NOT is_copy;
--> statement-breakpoint
CREATE VIEW "ledger_entries" AS SELECT * FROM (
  SELECT long_id('org', organization_id) AS organization_id, admitted_at, long_id('req', request_id) AS request_id,
    attempt::integer AS attempt, kind, long_id('team', team_id) AS team_id, long_id('key', key_id) AS key_id,
    long_id('mem', member_id) AS member_id, long_id('svc', service_account_id) AS service_account_id, called_name,
    long_id('dep', deployment_id) AS deployment_id, provider, upstream_model, long_id('price', price_id) AS price_id,
    coalesce(input_tokens, 0) AS input_tokens, coalesce(cached_input_tokens, 0) AS cached_input_tokens,
    coalesce(cache_write_tokens, 0) AS cache_write_tokens, coalesce(output_tokens, 0) AS output_tokens,
    coalesce(reasoning_tokens, 0) AS reasoning_tokens, total_tokens, other_usage, nano_usd, service_tier, unpriced_units, created_at,
    true AS is_short, organization_id AS short_organization_id, request_id AS short_request_id, team_id AS short_team_id,
    key_id AS short_key_id, member_id AS short_member_id, service_account_id AS short_service_account_id,
    deployment_id AS short_deployment_id, false AS is_copy
  FROM ledger_records
  UNION ALL
  SELECT organization_id, admitted_at, request_id, attempt, kind, team_id, key_id, member_id, service_account_id, called_name,
    deployment_id, provider, upstream_model, price_id, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens,
    reasoning_tokens, total_tokens, other_usage, nano_usd, service_tier, unpriced_units, created_at, false, NULL::bytea, NULL::bytea,
    NULL::bytea, NULL::bytea, NULL::bytea, NULL::bytea, NULL::bytea, is_recorded
  FROM ledger
) AS either WHERE NOT is_copy;
