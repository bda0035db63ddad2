// An account that one tenant made with a link of its own is no way into another: every way it comes to be × what happens next × with and without a
// mail server. In full also the release before, where it was one, two real browsers, and what an upgrade makes of the accounts that are there.
import { existsSync } from 'node:fs';
import { openMailSink } from '../invitations/mail-sink.ts';
import { CHROMIUM } from '../support/chromium.ts';
import { runPlaywright } from '../support/playwright-run.ts';
import { freePort } from '../support/ports.ts';
import { earlierRelease } from './earlier-release.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { openProviderGround, type ProviderGround, providerCells } from './takeover-provider.ts';
import { type Cell, MADE, type Made, type Then, takeoverCells } from './takeover-table.ts';
import { upgradedAccounts } from './upgraded-accounts.ts';

/** The last commit in which a link that somebody handed over proved an address. */
const EARLIER = '00799571';

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const ground = await openProviderGround();
  const now = await bothWays({ ground }).finally(() => ground.close());
  const judged = judge(now);
  if (quick) return judged;
  const folder = await earlierRelease(EARLIER);
  if (folder === null) return { ...judged, figure: `${judged.figure}; the history does not hold ${EARLIER}` };
  return allOf([judged, before(await bothWays({ cwd: folder })), await upgradedAccounts(folder), inBrowsers(folder)]);
}

/** Which program, and what its people come through beside mail and links. The release before knows no identity providers. */
interface From {
  readonly cwd?: string;
  readonly ground?: ProviderGround;
}

/** The whole table: with a mail server and without. */
async function bothWays(from: From): Promise<readonly Cell[]> {
  const sink = await openMailSink();
  const smtp = { HEADGATE_SMTP_URL: sink.url, HEADGATE_MAIL_FROM: 'Headgate <headgate@headgate.test>' };
  const mail = async (to: string, holding: string) => {
    for (let tries = 0; tries < 200; tries += 1) {
      const found = sink.mails.findLast((one) => one.to.includes(to) && one.text.includes(holding));
      if (found !== undefined) return found.text;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    return '';
  };
  try {
    return [...(await cellsOf(from, smtp, mail)), ...(await cellsOf(from, {}, null))];
  } finally {
    await sink.close();
  }
}

async function cellsOf(
  { ground, ...from }: From,
  more: Readonly<Record<string, string>>,
  mail: ((to: string, holding: string) => Promise<string>) | null,
): Promise<readonly Cell[]> {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const env = { HEADGATE_PORT: String(port), HEADGATE_PUBLIC_URL: origin, ...ground?.env, ...more };
  const gateway = await startGateway({ ...from, env });
  const site = { address: gateway.base, origin, rpId: 'localhost', mail, root: rootOf(gateway) };
  try {
    const cells = await takeoverCells(site);
    return ground === undefined ? cells : [...cells, ...(await providerCells(site, ground))];
  } finally {
    await gateway.stop();
  }
}

function rootOf(gateway: Gateway) {
  return (method: string, path: string, body?: unknown) => gateway.admin(method, path, body);
}

/**
 * Written by hand: the attacker gets in nowhere, and the owner wherever they showed whose the address is. A provider of the tenant that made an
 * account shows it. One of another tenant links only who signed in in their own way, which needs a proved account. Who belongs to nobody is
 * linked by no address.
 */
const OWNERS_IN: Readonly<Record<Then, readonly Made[]>> = {
  'invited by another tenant': [],
  reset: MADE,
  'passkey added before': MADE,
  claimed: MADE,
  'its tenant’s provider': ['by link', 'by mail'],
  'the other one’s provider': ['by mail'],
};
/** Three ways to make an account with a mail server and two without, in each column. */
const CELLS = (MADE.length + MADE.length - 1) * Object.keys(OWNERS_IN).length;

function judge(cells: readonly Cell[]): ProveResult {
  const wrong = cells.filter(({ attackerIn, ownerIn, made, then }) => attackerIn || ownerIn !== OWNERS_IN[then].includes(made));
  const byProvider = cells.filter(({ then }) => then.endsWith('provider')).length;
  return {
    holds: wrong.length === 0 && cells.length === CELLS,
    figure: `takeovers ${cells.filter(({ attackerIn }) => attackerIn).length} of ${cells.length} (${byProvider} later by an identity provider), owners in ${cells.filter(({ ownerIn }) => ownerIn).length}`,
    log: cells.map(lineOf),
    details: [
      ...wrong.map((cell) => `not as it should be: ${lineOf(cell)}`),
      ...(cells.length === CELLS ? [] : [`${cells.length} of ${CELLS} cells`]),
    ],
  };
}

function before(cells: readonly Cell[]): ProveResult {
  const taken = cells.filter(({ attackerIn }) => attackerIn);
  return {
    holds: taken.length > 0,
    figure: `before: ${taken.length} of ${cells.length}`,
    details: ['the attack of the release before does not succeed there, so its failure here shows nothing'],
    log: taken.map((cell) => `before: ${lineOf(cell)}`),
  };
}

function lineOf({ hasMail, made, then, attackerIn, ownerIn }: Cell): string {
  const who = [attackerIn ? 'the attacker' : '', ownerIn ? 'the owner' : ''].filter((one) => one !== '');
  return `${hasMail ? 'mail   ' : 'no mail'}  ${made.padEnd(11)}  ${then.padEnd(25)}  ${who.length === 0 ? 'nobody' : who.join(' and ')}`;
}

/** The attack in two browsers, here and in the release before, where its spec expects it to succeed. */
function inBrowsers(folder: string): ProveResult {
  if (!existsSync(CHROMIUM)) return { holds: false, figure: `there is no Chromium at ${CHROMIUM}` };
  const [now, earlier] = [{}, { HEADGATE_EARLIER: folder }].map((env) => {
    const run = runPlaywright({ specs: ['takeover.spec.ts'], isTold: false, env: { HEADGATE_ALONE: '1', ...env } });
    const bad = run?.tests.filter(({ outcome }) => outcome !== 'expected') ?? [];
    return { holds: run !== null && run.errors.length === 0 && run.tests.length > 0 && bad.length === 0, run };
  });
  return {
    holds: now?.holds === true && earlier?.holds === true,
    figure: `in two browsers: ${now?.holds === true ? 'refused' : 'not as it should be'}, before ${earlier?.holds === true ? 'it succeeded' : 'not as it should be'}`,
    details: [now, earlier].flatMap((one) => [
      ...(one?.run?.tests.flatMap(({ said }) => said) ?? []),
      ...(one?.run?.errors ?? []),
    ]),
  };
}
