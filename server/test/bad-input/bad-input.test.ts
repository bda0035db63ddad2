import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { postBytes, sendRaw } from '../support/raw-http.ts';
import { BODY_ROWS } from './body-rows.ts';
import { openHouseSite } from './house-site.ts';
import { CHAT, GOOD_BODY, type Row, rowProblems } from './row.ts';
import type { BadInputSite } from './site.ts';
import { WIRE_ROWS } from './wire-rows.ts';

describe.each(['on', 'off'] as const)('with the fast lane %s', (fastLane) => {
  let site: BadInputSite;
  beforeAll(async () => {
    site = await openHouseSite(fastLane);
  });
  afterAll(() => site.close());

  const send = ({ bytes, pieces }: Row) =>
    sendRaw(site.port, bytes(site.secrets), pieces === undefined ? {} : { pieces: pieces(site.secrets) });

  describe('what is refused before it reaches a provider costs nothing and says nothing it should not', () => {
    for (const row of [...BODY_ROWS, ...WIRE_ROWS]) {
      // promise: A top-level key that equals a known field except in
      // promise: Duplicate top-level keys: 400
      // promise: Several key carriers with different values: 400.
      test(row.name, async () => {
        expect(rowProblems(await send(row), row, site.unspeakable)).toEqual([]);
        expect(site.upstreamCalls()).toBe(0);
        expect(await site.charged()).toBe(0);
      });
    }

    test('the same gateway answers who asks well', async () => {
      const answer = await sendRaw(site.port, postBytes(CHAT, site.secrets.good, JSON.stringify(GOOD_BODY)));
      expect(answer.status).toBe(200);
      expect(site.upstreamCalls()).toBe(1);
    });
  });
});
