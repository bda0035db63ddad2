-- By hand, since the table is partitioned: what the platform's readers narrow a list of every organization's requests by. IF NOT EXISTS: on a large table they can be made beforehand.
CREATE INDEX IF NOT EXISTS "request_log_model" ON "request_log" USING btree ("called_name","admitted_at","request_id");--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "request_log_deployment" ON "request_log" USING btree ("deployment_id","admitted_at","request_id") WHERE "deployment_id" IS NOT NULL;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "request_log_code" ON "request_log" USING btree ("code","admitted_at","request_id") WHERE "code" IS NOT NULL;
