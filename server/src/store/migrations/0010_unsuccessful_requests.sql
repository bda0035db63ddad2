-- By hand, since the table is partitioned. Requests that did not succeed are few and are looked for over every organization.
CREATE INDEX IF NOT EXISTS "request_log_unsuccessful" ON "request_log" USING btree ("status","admitted_at","request_id") WHERE "status" <> 'succeeded';
