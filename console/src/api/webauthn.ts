import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/browser';

/** Returns a browser's answer about a passkey as the contract has it: an object of any fields beside those that it names. */
export function passkeyJson(answer: AuthenticationResponseJSON | RegistrationResponseJSON) {
  return { ...answer, response: { ...answer.response } };
}
