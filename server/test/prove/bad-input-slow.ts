/** Clients that send slowly, or leave their stream unread: waited for only so long, and nobody else waits with them. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { CHAT, GOOD_BODY } from '../bad-input/row.ts';
import { postBytes, sendRaw } from '../support/raw-http.ts';
import { type BadInputGateway, FLOOD } from './bad-input-site.ts';

/** The head must be here within 15 s, the whole within 120 s; both are looked at every 5 s. */
const HEAD_MS_MAX = 22_000;
const BODY_MS_MAX = 127_000;
const STALLED_MS_MAX = 10_000;

export async function slowClientProblems(site: BadInputGateway, quick: boolean): Promise<{ rows: number; problems: string[] }> {
  const half = JSON.stringify(GOOD_BODY).slice(0, 20);
  const slowHead = Buffer.from(`POST ${CHAT} HTTP/1.1\r\nhost: x\r\nx-slow: `);
  const slowBody = postBytes(CHAT, site.secrets.good, half, ['content-length: 200']);
  const found = await Promise.all([
    unread(site),
    late(site, 'a head that does not end', slowHead, HEAD_MS_MAX),
    ...(quick ? [] : [late(site, 'a body that does not end', slowBody, BODY_MS_MAX)]),
  ]);
  return { rows: found.length, problems: found.flat() };
}

async function late({ port }: BadInputGateway, name: string, bytes: Buffer, msMax: number): Promise<string[]> {
  const startedMs = performance.now();
  const answer = await sendRaw(port, bytes, { quietMs: msMax });
  const tookMs = performance.now() - startedMs;
  const isRight = answer.status === 408 && answer.body.includes('"request_timeout"') && tookMs <= msMax;
  return isRight ? [] : [`${name}: answered ${answer.status} after ${Math.round(tookMs)} ms`];
}

/** Others are served meanwhile; a second of stillness later (a setting) the reader counts as gone. */
async function unread(site: BadInputGateway): Promise<string[]> {
  const body = JSON.stringify({ ...GOOD_BODY, model: FLOOD, stream: true });
  const socket = connect(site.port, '127.0.0.1').pause();
  socket.on('error', () => {});
  socket.write(postBytes(CHAT, site.secrets.good, body));
  await new Promise((go) => setTimeout(go, 300));
  const startedMs = performance.now();
  const other = await sendRaw(site.port, postBytes(CHAT, site.secrets.good, JSON.stringify(GOOD_BODY)));
  const problems = other.status === 200 ? [] : [`beside an unread stream a call was answered ${other.status}`];
  const status = () =>
    site.gateway.admin<{ data: readonly { status: string; model: string }[] }>(
      'GET',
      `/requests?organization_id=${site.organizationId}&model=${FLOOD}`,
    );
  while ((await status()).data.length === 0 && performance.now() - startedMs < STALLED_MS_MAX)
    await new Promise((go) => setTimeout(go, 200));
  const [row] = (await status()).data;
  if (row?.status !== 'cancelled') problems.push(`an unread stream ended as ${row?.status}`);
  socket.resume();
  if (!socket.closed) await once(socket, 'close');
  return problems;
}
