import { type DomainNews, GRACE_MS, recordNameOf, recordValueOf } from '../../domain/identity/domain-check.ts';
import type { Letter } from './letter.ts';

export interface DomainInLetter {
  readonly domain: string;
  readonly challenge: string;
  readonly missingSince: Date | null;
  readonly problem: string | null;
}

/** Returns the letter that tells an owner of a domain's news; null if the news is good. `page`: null without a public URL. */
export function domainLetter(
  news: DomainNews,
  row: DomainInLetter,
  to: string,
  { organization, page }: { readonly organization: string; readonly page: string | null },
): Letter | null {
  if (news === 'verified' || news === 'found') return null;
  const { domain, challenge, missingSince, problem } = row;
  const until = missingSince === null ? '' : ` on ${dayOf(new Date(missingSince.getTime() + GRACE_MS))}`;
  return {
    to,
    subject: SUBJECTS[news](domain, organization),
    paragraphs: [
      news === 'lost'
        ? `${domain} no longer counts as a domain of ${organization}: its DNS record was not found for 14 days. New people with an address of it cannot come in through your identity provider. People who came in before are not affected.`
        : `The DNS record that shows that ${domain} belongs to ${organization} is gone. If it is not found again, ${domain} stops counting${until}. Then new people with an address of it cannot come in through your identity provider.`,
      ...(problem === null ? [] : [problem]),
      `Create a TXT record with the name ${recordNameOf(domain)} and the value ${recordValueOf(challenge)}, and check it in the console.`,
    ],
    link: page === null ? null : { label: 'Open the domains', url: page },
    closing: ['If the domain is no longer yours, remove it in the console.'],
  };
}

const SUBJECTS: Readonly<Record<'missing' | 'ending' | 'lost', (domain: string, organization: string) => string>> = {
  missing: (domain, organization) => `The DNS record of ${domain} for ${organization} is missing`,
  ending: (domain, organization) => `${domain} soon stops counting for ${organization}`,
  lost: (domain, organization) => `${domain} no longer counts for ${organization}`,
};

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
