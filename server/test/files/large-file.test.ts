/** A file that is larger than any body may be: it goes through the spool of the listener, and back in pieces. */
import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { startGateway } from '../prove/gateway.ts';
import { makeKey, makeTenant } from '../prove/tenant.ts';

/** The default of HEADGATE_BODY_BYTES_MAX. */
const BODY_BYTES_MAX = 33_554_432;
const LINES = 35;

test('a file beyond the bound of bodies is taken and read back, and one with a bad last line leaves nothing', async () => {
  const gateway = await startGateway();
  try {
    const tenant = await makeTenant(gateway);
    const { secret } = await makeKey(gateway, tenant);
    const headers = { authorization: `Bearer ${secret}` };
    const content = randomBytes(500_000).toString('hex');
    const lineAt = (at: number) =>
      `{"custom_id":"${at}","method":"POST","url":"/v1/embeddings","body":{"model":"fast","input":"${content}"}}\n`;
    const lines = Array.from({ length: LINES }, (_, at) => lineAt(at));
    const send = async (parts: readonly string[]) => {
      const body = new FormData();
      body.set('purpose', 'batch');
      body.set('file', new Blob([...parts]), 'large.jsonl');
      const said = await fetch(`${gateway.base}/v1/files`, { method: 'POST', headers, body });
      return { status: said.status, said: (await said.json()) as { id: string; bytes: number; error?: { message: string } } };
    };
    const made = await send(lines);
    const expected = createHash('sha256').update(lines.join('')).digest('hex');
    expect([made.status, made.said.bytes > BODY_BYTES_MAX]).toEqual([200, true]);
    const read = await fetch(`${gateway.base}/v1/files/${made.said.id}/content`, { headers });
    const got = createHash('sha256');
    for await (const piece of read.body as ReadableStream<Uint8Array>) got.update(piece);
    expect([read.headers.get('content-length'), got.digest('hex')]).toEqual([String(made.said.bytes), expected]);
    const bad = await send([...lines, 'no request']);
    expect([bad.status, bad.said.error?.message]).toEqual([400, expect.stringContaining(`Line ${LINES + 1} cannot be read`)]);
    const { total } = await gateway.admin<{ total: number }>('GET', `/organizations/${tenant.organizationId}/files`);
    expect(total).toBe(1);
  } finally {
    await gateway.stop();
  }
}, 120_000);
