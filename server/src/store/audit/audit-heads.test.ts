import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AuditHead, openAuditHeads } from './audit-heads.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'headgate-heads-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const path = (name = 'audit-heads') => join(directory, name);
const head = (seq: number, chain = 'org_1', digit = 'a'): AuditHead => ({ chain, seq, hash: digit.repeat(64) });
const openAt = (file = path(), chainsMax?: number) => {
  const failures: string[] = [];
  const onFailure = ({ message }: Error) => void failures.push(message);
  return { heads: openAuditHeads({ path: file, onFailure, ...(chainsMax === undefined ? {} : { chainsMax }) }), failures };
};

describe('heads of audit chains beside the database', () => {
  test('are there after a restart, for this user only', async () => {
    const { heads } = openAt();
    expect(heads.known('org_1')).toBeNull();
    await heads.remember([head(1), head(2)]);
    await heads.remember([head(7, 'platform')]);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    const again = openAt().heads;
    expect(again.known('org_1')).toEqual(head(2));
    expect(again.all('platform')).toEqual([{ ...head(7, 'platform'), file: 'audit-heads' }]);
    expect(again.known('org_2')).toBeNull();
  });

  test('never go back, in whatever order they come', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 30 }), async (seqs) => {
        const file = path(`heads-${Math.random()}`);
        const { heads } = openAt(file);
        await Promise.all(seqs.map((seq) => heads.remember([head(seq)])));
        expect(heads.known('org_1')?.seq).toBe(Math.max(...seqs));
        expect(openAt(file).heads.known('org_1')?.seq).toBe(Math.max(...seqs));
      }),
      { numRuns: 20 },
    );
  });

  test('what a crash left half written is passed over, and the next write mends the file', async () => {
    await openAt().heads.remember([head(1)]);
    writeFileSync(path(), `${readFileSync(path(), 'latin1')}v1 org_1 2 aaaa`);
    const { heads } = openAt();
    expect(heads.known('org_1')).toEqual(head(1));
    await heads.remember([head(3)]);
    expect(readFileSync(path(), 'latin1')).toBe(`v1 org_1 3 ${'a'.repeat(64)}\n`);
  });

  test('stay few lines, however many events and chains there are', async () => {
    const { heads } = openAt(path(), 3);
    for (let seq = 1; seq <= 2_500; seq += 1) await heads.remember([head(seq, `org_${seq % 5}`)]);
    const lines = readFileSync(path(), 'latin1').split('\n').length;
    expect(lines).toBeLessThan(2_100);
    expect([0, 1, 2, 3, 4].filter((number) => heads.known(`org_${number}`) !== null)).toHaveLength(3);
    expect(heads.known('org_0')?.seq).toBe(2_500);
    expect(readdirSync(directory)).toEqual(['audit-heads']);
  });

  test('of a disk that takes nothing wait in memory, and are all written once it does', async () => {
    const { heads, failures } = openAt();
    await heads.remember([head(1)]);
    rmSync(path());
    symlinkSync('/dev/full', path());
    await heads.remember([head(2), head(4, 'org_2')]);
    expect(failures).toEqual([expect.stringContaining('ENOSPC')]);
    expect(heads.known('org_1')).toEqual(head(2));
    await heads.remember([head(5, 'platform')]);
    const again = openAt().heads;
    expect([again.known('org_1'), again.known('org_2'), again.known('platform')]).toEqual([
      head(2),
      head(4, 'org_2'),
      head(5, 'platform'),
    ]);
  });

  test('of other processes of this host are compared with as well', async () => {
    for (const worker of ['worker-1', 'worker-2']) mkdirSync(path(worker));
    await openAt(path('audit-heads-commands')).heads.remember([head(3)]);
    await openAt(path('worker-2/audit-heads')).heads.remember([head(5)]);
    const { heads } = openAt(path('worker-1/audit-heads'));
    await heads.remember([head(4)]);
    expect(heads.all('org_1').map(({ file, seq }) => [file, seq])).toEqual([
      ['worker-1/audit-heads', 4],
      ['audit-heads-commands', 3],
      ['worker-2/audit-heads', 5],
    ]);
    expect(heads.known('org_1')?.seq).toBe(4);
  });
});
