/**
 * Tells owners that a certificate of their identity provider is about to expire: 30 and 7 days before, once each. Afterwards nobody
 * can sign in through it.
 */
import type { Letter } from '../../identity/mail/letter.ts';
import { renderLetter } from '../../identity/mail/letter.ts';
import type { Mailer } from '../../identity/mail/mailer.ts';
import { dayOf, shortFingerprint } from '../../identity/saml/certificates.ts';
import { claimOnce } from '../../store/accounts/sign-in.ts';
import * as certificates from '../../store/identity/certificates.ts';
import { type ActiveOwner, activeOwners } from '../../store/identity/owners.ts';
import { goOn, type Job, type JobContext } from '../job.ts';

export interface ExpiryMailOptions {
  readonly mailer: Mailer;
  /** The base of links in mail; null: mail has no link. */
  readonly publicUrl: string | null;
}

const DAY_MS = 86_400_000;
const DAYS_BEFORE = [7, 30] as const;
const CERTIFICATES_MAX = 1_000;
const OWNERS_MAX = 50;

export function certificateExpiryJob(options: ExpiryMailOptions): Job {
  return {
    name: 'certificate-expiry',
    about: 'Mails owners 30 and 7 days before the certificate of their identity provider expires.',
    cron: '53 6 * * *',
    run: (context) => announceAll(context, options),
  };
}

async function announceAll(context: JobContext, options: ExpiryMailOptions): Promise<string> {
  const { database, clock, warn } = context;
  const at = new Date(clock.nowMs());
  const until = new Date(at.getTime() + Math.max(...DAYS_BEFORE) * DAY_MS);
  const ending = (await certificates.endingCertificates(database.db, { at, until, limit: CERTIFICATES_MAX })).filter(
    ({ hasNext }) => !hasNext,
  );
  if (!options.mailer.configured) {
    for (const one of ending)
      warn(
        { identity_provider_id: one.providerId, organization_id: one.organizationId, not_after: one.notAfter.toISOString() },
        'jobs: the certificate of an identity provider expires soon, and no mail server is configured to tell its owners',
      );
    return `${ending.length} certificates expire within 30 days. No mail server is configured.`;
  }
  let sent = 0;
  for (const [organizationId, ofOne] of Map.groupBy(ending, (one) => one.organizationId)) {
    const owners = (await activeOwners(database.db, organizationId)).slice(0, OWNERS_MAX);
    for (const one of ofOne) {
      for (const owner of owners) {
        goOn(context);
        if (await mailOnce(context, options, one, owner)) sent += 1;
      }
    }
  }
  return `${ending.length} certificates expire within 30 days; sent ${sent} mails.`;
}

/** Mails one owner. The name of the mail is claimed first, so that no two runs send it; it is free again if sending fails. */
async function mailOnce(
  { database: { db }, clock, warn }: JobContext,
  options: ExpiryMailOptions,
  ending: certificates.EndingCertificate,
  owner: ActiveOwner,
): Promise<boolean> {
  const at = new Date(clock.nowMs());
  const leftMs = ending.notAfter.getTime() - at.getTime();
  const days = DAYS_BEFORE.find((each) => leftMs <= each * DAY_MS);
  if (days === undefined) return false;
  const name = `certificate-expiry:${ending.providerId}:${ending.id}:${days}:${owner.accountId}`;
  if (!(await claimOnce(db, { name, at, until: new Date(ending.notAfter.getTime() + DAY_MS) }))) return false;
  const outcome = await options.mailer.send(renderLetter(letterOf(ending, owner, options.publicUrl)));
  if (outcome.is === 'sent') return true;
  await certificates.releaseClaim(db, name);
  warn(
    { identity_provider_id: ending.providerId, reason: outcome.reason },
    'jobs: a mail about an expiring certificate could not be sent',
  );
  return false;
}

function letterOf(ending: certificates.EndingCertificate, { name, email }: ActiveOwner, publicUrl: string | null): Letter {
  const day = dayOf(ending.notAfter.getTime());
  return {
    to: email,
    subject: `The certificate of ${ending.provider} expires on ${day}`,
    paragraphs: [
      `Hello ${name},`,
      `people sign in to ${ending.organization} through ${ending.provider}. The certificate by which it signs (${shortFingerprint(ending.id)}) expires on ${day}. After that day nobody can sign in through it.`,
      `Create a new certificate at the identity provider, and add it in Headgate before that day. If Headgate reads the provider’s metadata from an address, it finds the new certificate by itself.`,
    ],
    link: publicUrl === null ? null : { label: 'Open Headgate', url: publicUrl },
    closing: ['You get this mail because you are an owner of this organization.'],
  };
}
