/**
 * Checks once a day that the DNS records of verified domains are still there. A lookup that gives no answer changes nothing. Owners
 * are told by mail when a record is missed first, before its grace ends, and when it has ended.
 */
import { afterCheck, type DomainNews, recordNameOf, type TxtLookup } from '../../domain/identity/domain-check.ts';
import { domainLetter } from '../../identity/mail/domain-letter.ts';
import { renderLetter } from '../../identity/mail/letter.ts';
import type { Mailer } from '../../identity/mail/mailer.ts';
import { type AppendedEvent, type AuditTrail, appendAuditEvent, rememberAppended } from '../../store/audit/audit.ts';
import type { Database } from '../../store/database.ts';
import type { DomainRow } from '../../store/identity/domains.ts';
import * as domains from '../../store/identity/domains.ts';
import { activeOwners } from '../../store/identity/owners.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import { goOn, type Job, type JobContext } from '../job.ts';

export interface DomainCheckOptions {
  readonly lookUpTxt: TxtLookup;
  readonly mailer: Mailer;
  readonly audit: AuditTrail;
  readonly publicUrl: string | null;
}

/** A domain is due if its last check was before this time: an hour less than a day, so that a run that begins earlier finds it. */
const DUE_AFTER_MS = 23 * 3_600_000;
/** The most domains of one run, in steps, and the time after which it begins no further step. The next run continues. */
const STEP = 100;
const STEPS_MAX = 200;
const RUN_MS_MAX = 20 * 60_000;
const AT_ONCE = 8;

export function domainJob(options: DomainCheckOptions): Job {
  return {
    name: 'domain-check',
    about: 'Checks the DNS records of verified domains, each once a day, and tells owners of a missing one by mail.',
    cron: '23 * * * *',
    run: (context) => checkDue(context, options),
  };
}

/** Checks every domain that is due, those whose last check is the oldest first, and returns a sentence about it. */
async function checkDue(context: JobContext, options: DomainCheckOptions): Promise<string> {
  const { database, clock } = context;
  const endsAtMs = clock.monotonicMs() + RUN_MS_MAX;
  const before = new Date(clock.nowMs() - DUE_AFTER_MS);
  const count = { checked: 0, missing: 0, lost: 0, failed: 0 };
  for (let step = 0; step < STEPS_MAX && clock.monotonicMs() < endsAtMs; step += 1) {
    const due = await domains.due(database.db, before, STEP);
    if (due.length === 0) break;
    const waiting = [...due];
    const work = async () => {
      for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) {
        goOn(context);
        const done = await checkOne(context, options, row);
        count.checked += 1;
        if (done !== null) count[done] += 1;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }
  return `Checked ${count.checked} domains: ${count.missing} missing, ${count.lost} lost, ${count.failed} without an answer.`;
}

async function checkOne(
  context: JobContext,
  options: DomainCheckOptions,
  { organizationId, domain }: DomainRow,
): Promise<'missing' | 'lost' | 'failed' | null> {
  const { database, clock } = context;
  // Each lookup counts for itself: the job bounds its own lookups.
  const answer = await options.lookUpTxt(recordNameOf(domain), `${organizationId} ${domain}`);
  const now = new Date(clock.nowMs());
  const appended: AppendedEvent[] = [];
  const stored = await database.db.transaction(async (tx) => {
    const row = await domains.lock(tx, { organizationId, domain });
    // Somebody removed it meanwhile.
    if (row === null) return null;
    const { standing, news } = afterCheck(row, answer, now);
    const after = await domains.update(tx, row, standing);
    if (standing.state !== row.state) appended.push(await record(tx, options.audit, row, after, now));
    return { row: after, news };
  });
  await rememberAppended(options.audit, appended);
  if (stored === null) return null;
  if (stored.news !== null) await tellOwners(context, options, stored.row, stored.news);
  if (answer.is === 'failed') return 'failed';
  return stored.row.state === 'missing' ? 'missing' : stored.row.state === 'lost' ? 'lost' : null;
}

function record(tx: Database, audit: AuditTrail, before: DomainRow, after: DomainRow, at: Date): Promise<AppendedEvent> {
  return appendAuditEvent(tx, audit, {
    organizationId: before.organizationId,
    at,
    ...{ actorKind: 'system', actorId: 'domain-check', actorName: 'Headgate' },
    action: 'domain.check',
    ...{ objectType: 'domain', objectId: before.domain, objectName: before.domain },
    before: { state: before.state },
    after: { state: after.state },
    ...{ reason: null, ip: null, requestId: null },
  });
}

/** Tells each owner by mail. A mail that fails is logged; the console shows the state all the same. */
async function tellOwners(
  { database: { db }, warn }: JobContext,
  { mailer, publicUrl }: DomainCheckOptions,
  row: DomainRow,
  news: DomainNews,
): Promise<void> {
  if (!mailer.configured) return;
  const organization = await organizations.find(db, row.organizationId);
  if (organization === null || organization.status === 'deleted') return;
  const page = publicUrl === null ? null : `${publicUrl}/organizations/${organization.id}?tab=sign-in`;
  for (const { email } of await activeOwners(db, row.organizationId)) {
    const letter = domainLetter(news, row, email, { organization: organization.name, page });
    if (letter === null) return;
    const sent = await mailer.send(renderLetter(letter));
    if (sent.is === 'failed')
      warn(
        { organization_id: row.organizationId, domain: row.domain, reason: sent.reason },
        'jobs: the mail about a domain could not be sent',
      );
  }
}
