/** Writes the mail about an event. */
import type { Letter } from '../../identity/mail/letter.ts';
import type { AlertEventRow } from '../../store/alerts/alert-events.ts';

/** Returns a letter without its recipient; without a link if `publicUrl` is null. */
export function letterOf({ type, organizationId, data }: AlertEventRow, publicUrl: string | null): Omit<Letter, 'to'> {
  const { subject, paragraphs, path } = wordsOf(type, organizationId, data as Data);
  return {
    subject,
    paragraphs,
    link: publicUrl === null ? null : { label: 'Open Headgate', url: `${publicUrl}${path}` },
    closing: [
      organizationId === null
        ? 'You get this mail because you are a platform admin of this gateway.'
        : 'You get this mail because you are an owner of this organization.',
    ],
  };
}

interface Words {
  readonly subject: string;
  readonly paragraphs: readonly string[];
  readonly path: string;
}

/** The event's data as its writer stored it; a missing field becomes empty text. */
interface Data {
  readonly organization?: { readonly name: string };
  readonly scope?: { readonly kind: string; readonly name: string };
  readonly budget?: { readonly amount: string; readonly period: string; readonly target: string | null; readonly action: string };
  readonly threshold_percent?: number;
  readonly spent?: string;
  readonly credential?: { readonly name: string; readonly provider: string };
  readonly message?: string | null;
  readonly counters?: number;
  readonly rollup_days?: number;
}

function wordsOf(type: string, organizationId: string | null, data: Data): Words {
  switch (type) {
    case 'budget.threshold':
      return budgetWords(organizationId, data);
    case 'credential.failing':
      return {
        subject: `The credential ${data.credential?.name ?? ''} is refused by its provider`,
        paragraphs: [
          `${data.credential?.provider ?? 'The provider'} refuses the credential ${data.credential?.name ?? ''}: ${data.message ?? 'no reason given'}.`,
          'Requests that need it fail. Check the key at the provider, then enter a working one.',
        ],
        path: '/credentials',
      };
    case 'ledger.drift':
      return {
        subject: 'Counters or reports differed from the ledger and were corrected',
        paragraphs: [
          `Counters corrected from the ledger: ${data.counters ?? 0}. Days of reports computed again: ${data.rollup_days ?? 0}.`,
          'No charge has changed.',
        ],
        path: '/settings?tab=jobs',
      };
    default:
      return {
        subject: `Headgate: ${type}`,
        paragraphs: [`Headgate reports the event ${type}. The list of alerts has the details.`],
        path: '/alerts',
      };
  }
}

function budgetWords(organizationId: string | null, { organization, scope, budget, spent, threshold_percent }: Data): Words {
  const whose = scope?.kind === 'organization' ? '' : ` of the ${scope?.kind ?? ''} ${scope?.name ?? ''}`;
  const what = budget?.target === null ? '' : ` for ${budget?.target ?? ''}`;
  const isOver = (threshold_percent ?? 0) >= 100;
  const consequence =
    budget?.action === 'block'
      ? 'Requests that would exceed this budget are refused.'
      : 'This budget only sends alerts. No request is refused.';
  return {
    subject: `${organization?.name ?? 'Your organization'}: ${threshold_percent ?? 0} % of a budget is spent`,
    paragraphs: [
      `${organization?.name ?? 'Your organization'} has spent ${spent ?? '0'} USD of the ${budget?.period ?? ''} budget of ${budget?.amount ?? '0'} USD${whose}${what}.`,
      ...(isOver || budget?.action !== 'block' ? [consequence] : []),
    ],
    path: `/organizations/${organizationId ?? ''}?tab=limits`,
  };
}
