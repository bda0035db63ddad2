import { expect, test } from 'vitest';
import { CLIENTS as OFFERED } from '../../console/src/api/clients.ts';
import { CLIENTS, OTHER_CLIENT } from '../src/domain/usage/attribution.ts';

test('the console offers as filters exactly the clients that the server tells apart', () => {
  expect(OFFERED).toEqual([...CLIENTS, OTHER_CLIENT]);
});
