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
        ? 'You receive this because you administer this gateway.'
        : 'You receive this because you own this organization.',
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
        subject: `The credential ${data.credential?.name ?? ''} fails`,
        paragraphs: [
          `${data.credential?.provider ?? 'The provider'} refuses the credential ${data.credential?.name ?? ''}: ${data.message ?? 'no reason given'}.`,
        ],
        path: '/credentials',
      };
    case 'ledger.drift':
      return {
        subject: 'Sums did not agree with the ledger',
        paragraphs: [
          `Counters that were corrected to the ledger: ${data.counters ?? 0}. Days of reports that were added up anew: ${data.rollup_days ?? 0}.`,
          'Nothing that was charged has changed.',
        ],
        path: '/settings?tab=jobs',
      };
    default:
      return { subject: `Headgate: ${type}`, paragraphs: [`An event of the kind ${type}.`], path: '/alerts' };
  }
}

function budgetWords(organizationId: string | null, { organization, scope, budget, spent, threshold_percent }: Data): Words {
  const whose = scope?.kind === 'organization' ? '' : ` of the ${scope?.kind ?? ''} ${scope?.name ?? ''}`;
  const what = budget?.target === null ? '' : ` for ${budget?.target ?? ''}`;
  const isOver = (threshold_percent ?? 0) >= 100;
  const consequence =
    budget?.action === 'block' ? 'Requests that would exceed the budget are refused.' : 'This budget warns and refuses nothing.';
  return {
    subject: `${organization?.name ?? 'Your organization'}: ${threshold_percent ?? 0} % of a budget is spent`,
    paragraphs: [
      `${spent ?? '0'} USD of the ${budget?.period ?? ''} budget of ${budget?.amount ?? '0'} USD${whose}${what} in ${organization?.name ?? 'your organization'} are spent.`,
      ...(isOver || budget?.action !== 'block' ? [consequence] : []),
    ],
    path: `/organizations/${organizationId ?? ''}?tab=limits`,
  };
}
