/** Answers of a server of tokens that is broken, hostile or not the one that it should be. Each repeats secrets where it can. */
import type { ServerResponse } from 'node:http';
import type { SeenRequest } from './cloud-site.ts';
import { CANARIES } from './cloud-site.ts';

export interface HostileAnswer {
  readonly name: string;
  /** What a caller may read of it. */
  readonly says: string;
  readonly answer: (request: SeenRequest, response: ServerResponse) => void;
}

/** All that a request for a token contains, so that an answer can try to have it repeated. */
const repeated = ({ body, url }: SeenRequest) => `${decodeURIComponent(body)} ${url} ${CANARIES.secret} ${CANARIES.token}`;
const json =
  (value: unknown, status = 200) =>
  (_: SeenRequest, response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json', 'metadata-flavor': 'Google' }).end(JSON.stringify(value));
  };
const text =
  (value: string, status = 200) =>
  (_: SeenRequest, response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'text/html', 'metadata-flavor': 'Google' }).end(value);
  };

const NO_TOKEN = 'the server of tokens did not answer with a token';
const NO_TIME = 'the server of tokens did not say how long its token lasts';
const ENDED = 'the token that was issued has ended already';
const good = { token_type: 'Bearer', access_token: CANARIES.token, expires_in: 3600 };

export const HOSTILE_TOKENS: readonly HostileAnswer[] = [
  { name: 'nothing', says: NO_TOKEN, answer: text('') },
  { name: 'no JSON', says: NO_TOKEN, answer: text(`<html>${CANARIES.secret}</html>`) },
  { name: 'a list', says: NO_TOKEN, answer: json([good]) },
  { name: 'null', says: NO_TOKEN, answer: json(null) },
  { name: 'a number as token', says: NO_TOKEN, answer: json({ ...good, access_token: 7 }) },
  { name: 'an empty token', says: NO_TOKEN, answer: json({ ...good, access_token: '' }) },
  {
    name: 'a token with a line break',
    says: NO_TOKEN,
    answer: json({ ...good, access_token: `a\r\nx-evil: ${CANARIES.secret}` }),
  },
  { name: 'a token that is no ASCII', says: NO_TOKEN, answer: json({ ...good, access_token: 'tökén' }) },
  { name: 'an endless token', says: NO_TOKEN, answer: json({ ...good, access_token: 'x'.repeat(17_000) }) },
  {
    name: 'another type of token',
    says: 'the server of tokens answered with a token that is not of the type Bearer',
    answer: json({ ...good, token_type: `MAC ${CANARIES.secret}` }),
  },
  { name: 'no lifetime', says: NO_TIME, answer: json({ ...good, expires_in: undefined }) },
  { name: 'a lifetime in words', says: NO_TIME, answer: json({ ...good, expires_in: `soon ${CANARIES.secret}` }) },
  { name: 'a lifetime of an object', says: NO_TIME, answer: json({ ...good, expires_in: {} }) },
  { name: 'a token that has ended', says: ENDED, answer: json({ ...good, expires_in: 0 }) },
  { name: 'a token that ended before', says: ENDED, answer: json({ ...good, expires_in: -3600 }) },
  { name: 'a token of a moment', says: ENDED, answer: json({ ...good, expires_in: '3' }) },
  {
    name: 'a huge answer',
    says: 'the answer of the server of tokens could not be read',
    answer: (_, response) => void response.writeHead(200).end(`{"access_token":"${'x'.repeat(1_000_000)}"}`),
  },
  {
    name: 'a redirect',
    says: 'the server of tokens answered 302',
    answer: (request, response) =>
      void response.writeHead(302, { location: `https://evil.test/?${CANARIES.secret}` }).end(repeated(request)),
  },
  {
    name: 'a refusal',
    says: 'the server of tokens answered 401 (invalid_client, AADSTS7000215)',
    answer: (request, response) =>
      json({ error: 'invalid_client', error_codes: [7000215], error_description: repeated(request) }, 401)(request, response),
  },
  {
    name: 'a refusal that repeats the secret',
    says: 'the server of tokens answered 400',
    answer: (request, response) =>
      json({ error: repeated(request), error_codes: [CANARIES.secret, 1e99] }, 400)(request, response),
  },
  { name: 'an overloaded server', says: 'the server of tokens answered 503', answer: text(CANARIES.secret, 503) },
  {
    name: 'a server that hangs up',
    says: 'the server of tokens closed the connection',
    answer: (_, response) => void response.destroy(),
  },
  {
    name: 'a server that hangs up in the middle',
    says: 'the server of tokens closed the connection',
    answer: (_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write(`{"access_token":"${CANARIES.token}"`);
      setTimeout(() => response.destroy(), 20);
    },
  },
];
