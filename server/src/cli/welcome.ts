import { makeFirstAdminLink } from '../admin/session/first-admin-link.ts';
import { newId } from '../lib/id.ts';
import type { Logger } from '../lib/log.ts';
import { hashedSecret, hashSecret, lastFour, newAdminToken } from '../lib/secrets.ts';
import type { Config } from '../settings/config.ts';
import { keepNote, readNote } from '../settings/data-directory.ts';
import * as adminTokens from '../store/accounts/admin-tokens.ts';
import type { Database } from '../store/database.ts';
import type { Installation } from '../store/installation/installation.ts';
import { moveAdminToken } from '../store/sealing/peppers.ts';
import * as organizations from '../store/tenancy/organizations.ts';
import { DEMO_MODEL, makeDemo } from './demo.ts';

export interface WelcomeOptions {
  readonly config: Config;
  readonly stores: { readonly database: { readonly db: Database }; readonly installation: { readonly pepper: Buffer } };
  readonly log: Logger;
  /** The addresses of this process: `own` for its own calls, since a public URL may not lead here yet; `shown` for people. */
  readonly addresses: { readonly own: string; readonly shown: string };
}

/** Holds the demo's key and nothing else, not even a line end, because programs send the whole file. */
const DEMO_NOTE = 'demo-key.txt';

/** Prints the first screen. Creates the first admin token if none exists, and the demo if the settings ask for it. */
export async function welcome({ config, stores, log, addresses }: WelcomeOptions): Promise<void> {
  const { db } = stores.database;
  const token = await firstAdminToken(db, stores.installation.pepper, config);
  const wantsDemo = config.demo === 'on' && token !== null && !(await organizations.isAny(db));
  const demoKey = wantsDemo ? await makeDemoAt(addresses.own, token, config.dataDir).catch(without) : null;
  // An interrupted first start leaves part of a demo behind; the gateway serves anyway.
  function without(error: Error): null {
    log.warn(`${error.message}. To get the demo, start with an empty data directory.`);
    return null;
  }
  const shown = config.publicUrl ?? addresses.shown;
  if (config.log === 'json') {
    log.info({ address: shown }, 'headgate is ready');
    if (config.mode === 'production') return;
  }
  const link = config.mode === 'production' ? null : await firstAdminLink(db, stores.installation.pepper, shown);
  process.stdout.write(screen(config, shown, link, token, demoKey));
}

/**
 * Stores the token of HEADGATE_ADMIN_TOKEN if it is new, and ends the one that the setting named before. Does nothing without the
 * setting. Every process calls it before it listens, so that whichever is ready first accepts the token.
 */
export async function keepConfiguredToken(
  db: Database,
  { pepper, otherPepper }: Pick<Installation, 'pepper' | 'otherPepper'>,
  { adminToken }: Config,
): Promise<void> {
  if (adminToken === null) return;
  // While the pepper is renewed the token may be stored under the old one: move it, so that it does not count as a new token.
  if (otherPepper?.is === 'before') {
    const hash = hashSecret(pepper, adminToken);
    await moveAdminToken(db, hashSecret(otherPepper.pepper, adminToken), { hash, pepper });
  }
  await adminTokens.keepConfigured(db, rowOf(pepper, adminToken, 'HEADGATE_ADMIN_TOKEN', 'configured'), new Date());
}

/** Returns the token to show: the configured one, or a new one at the first start in development; null if there is none. */
async function firstAdminToken(db: Database, pepper: Buffer, config: Config): Promise<string | null> {
  if (config.adminToken !== null) return config.adminToken;
  if (config.mode === 'production' || (await adminTokens.isAny(db))) return null;
  const token = newAdminToken();
  // Print it before storing it: an interrupted start must not leave a token that nobody has seen.
  process.stdout.write(`\n  Admin token       ${token}\n                    shown only once: keep it\n`);
  await adminTokens.insert(db, rowOf(pepper, token, 'first start', 'first_start'));
  return token;
}

function rowOf(
  pepper: Buffer,
  token: string,
  name: string,
  origin: 'configured' | 'first_start',
): Parameters<typeof adminTokens.insert>[1] {
  const known = { ...hashedSecret(pepper, token), lastFour: lastFour(token) };
  const named = { id: newId('adm'), name, role: 'platform_admin', organizationId: null, ...known };
  return { ...named, ...adminTokens.ofInstallation(origin), createdBy: 'start' };
}

/** Makes a new link at each start in development until someone can sign in. The previous link stops working. */
function firstAdminLink(db: Database, pepper: Buffer, origin: string): Promise<string | null> {
  return makeFirstAdminLink(db, { pepper, origin, nowMs: Date.now(), createdBy: 'start' });
}

async function makeDemoAt(address: string, token: string, dataDir: string): Promise<string> {
  const key = await makeDemo(async (method, path, body) => {
    const answer = await fetch(`${address}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'x-headgate-reason': 'demo' },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok)
      throw new Error(
        `the demo could not be created: ${method} ${path} answered with status ${answer.status}: ${text.slice(0, 500)}`,
      );
    return JSON.parse(text) as Record<string, unknown>;
  });
  keepNote(dataDir, DEMO_NOTE, key);
  return key;
}

function screen(config: Config, address: string, link: string | null, token: string | null, demoKey: string | null): string {
  const lines = ['', `  Headgate is ready at ${address}`, ''];
  if (link !== null) lines.push('  Become its first admin (the link works once, for one day):', '', `  ${link}`, '');
  lines.push(`  API reference     ${address}/api/docs`, '');
  lines.push(...adminLines(config, token), ...demoLines(config, address, demoKey), ...providerLines(address));
  return `${lines.join('\n')}\n`;
}

function adminLines({ adminToken, mode }: Config, token: string | null): readonly string[] {
  if (adminToken !== null) return ['  Admin token       the one in HEADGATE_ADMIN_TOKEN', ''];
  if (token !== null) return ['  Admin token       shown above', ''];
  return [
    mode === 'production'
      ? '  Admin token       set HEADGATE_ADMIN_TOKEN to create the first one'
      : '  Admin token       shown at the first start',
    '',
  ];
}

/** Returns the lines about the demo. The first start in development shows its key; other starts name the file that holds it. */
function demoLines({ dataDir, mode }: Config, address: string, demoKey: string | null): readonly string[] {
  const note = demoNote(dataDir);
  if (note === null) return [];
  const shownSecret = demoKey !== null && mode === 'development' ? demoKey : `$(cat '${note}')`;
  return [
    '  Try it (the demo organization, on a fake provider: no network, no cost):',
    '',
    `  curl ${address}/v1/chat/completions \\`,
    `    -H "Authorization: Bearer ${shownSecret}" -H "content-type: application/json" \\`,
    `    -d '{"model": "${DEMO_MODEL}", "messages": [{"role": "user", "content": "Hello!"}]}'`,
    '',
    `  The demo key is kept in ${note}`,
    '',
  ];
}

/** Returns the path of the file with the demo's key; null if there is none. Removes further lines that earlier versions wrote. */
function demoNote(dataDir: string): string | null {
  const note = readNote(dataDir, DEMO_NOTE);
  if (note === null) return null;
  const [key = ''] = note.text.split('\n');
  if (key !== note.text) keepNote(dataDir, DEMO_NOTE, key);
  return note.file;
}

function providerLines(address: string): readonly string[] {
  const call = (path: string, body: string) =>
    `  curl ${address}/api/v1${path} -H "Authorization: Bearer $ADMIN" -H "content-type: application/json" -d '${body}'`;
  return [
    '  Add a real provider, and label its model with an access group of the demo organization:',
    '',
    call('/credentials', '{"name":"openai-main","provider":"openai","api_key":"sk-…"}'),
    call(
      '/deployments',
      '{"model":"gpt-5-nano","provider":"openai","upstream_model":"gpt-5-nano","credential_id":"cred_…","mode":"chat"}',
    ),
    call('/callable-targets/gpt-5-nano/access-groups', '{"access_groups":["support"]}').replace('curl', 'curl -X PUT'),
    '',
  ];
}
