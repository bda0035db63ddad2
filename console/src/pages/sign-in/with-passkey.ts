import { startAuthentication } from '@simplewebauthn/browser';
import { api, asked } from '../../api/client.ts';
import { passkeyJson } from '../../api/webauthn.ts';

type Options = Parameters<typeof startAuthentication>[0]['optionsJSON'];

/** Asks the browser for a passkey of this console and signs in with it. Rejects with a sentence if the person cancels. */
export async function signInWithPasskey(): Promise<void> {
  const options = (await asked(api.POST('/session/passkey-options', { body: {} }))) as unknown as Options;
  const response = await startAuthentication({ optionsJSON: options }).catch(() => {
    throw new Error('No passkey was used. Try again, or sign in with your password.');
  });
  await asked(api.POST('/session/passkey', { body: { response: passkeyJson(response) } }));
}
