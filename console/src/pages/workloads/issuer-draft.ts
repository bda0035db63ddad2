import type { Schema } from '../../api/client.ts';
import { words } from './words.ts';

export type Issuer = Schema<'TrustedIssuer'>;

export interface IssuerDraft {
  readonly name: string;
  readonly issuer: string;
  readonly key_source: Issuer['key_source'];
  readonly keys_url: string;
  readonly pasted_keys: string;
  readonly algorithms: readonly string[];
  readonly token_types: readonly string[];
  readonly life_seconds_max: number | '';
  readonly direct: boolean;
}

export const NEW_ISSUER: IssuerDraft = {
  name: '',
  issuer: '',
  key_source: 'discovery',
  keys_url: '',
  pasted_keys: '',
  algorithms: ['RS256', 'ES256'],
  token_types: ['jwt', 'at+jwt'],
  life_seconds_max: 3_600,
  direct: false,
};

export const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const;
type Algorithm = (typeof ALGORITHMS)[number];

export const RULES = {
  name: (name: string) => (name.trim() === '' ? words.enterAName : null),
  issuer: (issuer: string) => (issuer.trim() === '' ? words.enterIssuer : null),
  keys_url: (url: string, { key_source }: IssuerDraft) => (key_source === 'url' && url.trim() === '' ? words.enterKeysUrl : null),
  pasted_keys: (keys: string, { key_source }: IssuerDraft) =>
    key_source === 'pasted' && keys.trim() === '' ? words.pasteKeys : null,
  algorithms: (algorithms: readonly string[]) => (algorithms.length === 0 ? words.chooseAlgorithm : null),
  token_types: (types: readonly string[]) => (types.length === 0 ? words.enterTokenType : null),
};

export function issuerDraft(issuer: Issuer): IssuerDraft {
  return {
    name: issuer.name,
    issuer: issuer.issuer,
    key_source: issuer.key_source,
    keys_url: issuer.keys_url ?? '',
    pasted_keys: issuer.pasted_keys ?? '',
    algorithms: issuer.algorithms,
    token_types: issuer.token_types,
    life_seconds_max: issuer.life_seconds_max,
    direct: issuer.direct,
  };
}

/** Returns the source of the keys as the API takes it: only what belongs to the chosen source. */
export function sourceBody({ key_source, keys_url, pasted_keys }: IssuerDraft) {
  return {
    key_source,
    ...(key_source === 'url' && { keys_url: keys_url.trim() }),
    ...(key_source === 'pasted' && { pasted_keys: pasted_keys.trim() }),
  };
}

export function algorithmsBody({ algorithms }: IssuerDraft): Algorithm[] {
  return ALGORITHMS.filter((one) => algorithms.includes(one));
}

export function lifeBody({ life_seconds_max: life }: IssuerDraft) {
  return { life_seconds_max: life === '' ? 3_600 : life };
}
