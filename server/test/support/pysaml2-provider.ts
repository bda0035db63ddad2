/** A provider of Debian's pysaml2, which we did not write, in a process of its own. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.ts';
import type { Signer } from './saml-provider.ts';

const PYTHON = '/usr/bin/python3';

export interface PysamlPerson {
  readonly name_id: string;
  readonly attributes: Readonly<Record<string, readonly string[]>>;
}

export interface PysamlProvider {
  readonly url: string;
  readonly metadataUrl: string;
  readonly entityId: string;
  /** Makes our metadata known there. */
  meet(metadataXml: string): Promise<void>;
  setPerson(person: PysamlPerson): Promise<void>;
  stop(): Promise<void>;
}

/** True if pysaml2 and xmlsec1 are installed. */
export const hasPysaml2 = canRun(PYTHON, ['-c', 'import saml2.server']) && canRun('/usr/bin/xmlsec1', ['--version']);

function canRun(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore', timeout: 30_000 });
    return true;
  } catch {
    return false;
  }
}

export async function startPysaml2(
  signer: Signer,
  { person, sign }: { readonly person: PysamlPerson; readonly sign: 'assertion' | 'response' | 'both' },
): Promise<PysamlProvider> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-pysaml2-'));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  writeFileSync(key, signer.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(certificate, signer.pem);
  const port = await freePort();
  const child = spawn(PYTHON, [join(import.meta.dirname, 'pysaml2-idp.py')], { stdio: ['pipe', 'pipe', 'inherit'], cwd: folder });
  child.stdin.write(`${JSON.stringify({ port, key, certificate, person, sign })}\n`);
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error('pysaml2 did not start'))),
  ]);
  const url = `http://127.0.0.1:${port}`;
  const post = async (path: string, body: string) => {
    const answer = await fetch(`${url}${path}`, { method: 'POST', body });
    if (answer.status !== 204) throw new Error(`pysaml2 answered ${path} with ${answer.status}`);
  };
  return {
    url,
    metadataUrl: `${url}/metadata`,
    entityId: `${url}/metadata`,
    meet: (xml) => post('/sp', xml),
    setPerson: (next) => post('/person', JSON.stringify(next)),
    stop: async () => {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
