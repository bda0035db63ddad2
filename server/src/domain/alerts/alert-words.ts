/** Writes what people read about an event: as mail, and as a text for chats. */
import { incidentSentence, lastedText, type RuleEventData } from './rule-words.ts';

/** An event as it is stored. `organizationId` null: an event of the platform. */
export interface WordedEvent {
  readonly type: string;
  readonly organizationId: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A letter without its recipient. */
export interface AlertLetter {
  readonly subject: string;
  readonly paragraphs: readonly string[];
  readonly link: { readonly label: string; readonly url: string } | null;
  readonly closing: readonly string[];
}

/** Returns the mail about an event; without a link if `publicUrl` is null. */
export function letterOf({ type, organizationId, data }: WordedEvent, publicUrl: string | null): AlertLetter {
  const { subject, paragraphs, path } = wordsOf(type, organizationId, data);
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

/** Returns an event as one text for a chat, escaped as Slack wants it: `&`, `<` and `>`. */
export function chatTextOf(event: WordedEvent, publicUrl: string | null): string {
  const { subject, paragraphs, link } = letterOf(event, publicUrl);
  const text = [subject, ...paragraphs].join('\n').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return link === null ? text : `${text}\n${link.url}`;
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

function wordsOf(type: string, organizationId: string | null, stored: Readonly<Record<string, unknown>>): Words {
  const data = stored as Data;
  switch (type) {
    case 'budget.threshold':
      return budgetWords(organizationId, data);
    case 'rule.firing':
    case 'rule.recovered':
    case 'rule.test':
      return ruleWords(type, stored as unknown as RuleEventData);
    case 'webhook.test':
      return {
        subject: 'A test from Headgate',
        paragraphs: ['If you can read this, alerts arrive here.'],
        path: '/alerts',
      };
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

const RULES_PATH = '/alerts?tab=rules';

function ruleWords(type: 'rule.firing' | 'rule.recovered' | 'rule.test', data: RuleEventData): Words {
  const { name } = data.rule;
  switch (type) {
    case 'rule.firing':
      return {
        subject: `Alert: ${name}`,
        paragraphs: data.incidents.map((incident) => incidentSentence(data, incident)),
        path: '/alerts',
      };
    case 'rule.recovered':
      return {
        subject: `Recovered: ${name}`,
        paragraphs: data.incidents.map((incident) => {
          const what = incident.subject === null ? 'It' : incident.subject.name;
          return `${what} is below the threshold again, after ${lastedText(incident)}.`;
        }),
        path: '/alerts',
      };
    case 'rule.test':
      return {
        subject: `Test: ${name}`,
        paragraphs: ['This is a test of the alert rule. Nothing has happened.'],
        path: RULES_PATH,
      };
  }
}
