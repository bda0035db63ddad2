import { z } from 'zod';
import { ProviderUnreachable } from '../../identity/protocol-problems.ts';
import { endEvidenceOfSignOut } from '../../store/identity/evidence.ts';
import type { PassOn } from '../http/answer.ts';
import { change } from '../http/change.ts';
import * as load from '../http/load.ts';
import { invalid, notFound, Problem } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import { providerEvent } from '../identity/provider-view.ts';
import { providerToAsk, requirePublicUrl } from './provider-to-ask.ts';
import { discover, providerParams } from './sso.ts';

/** Calls of an identity provider itself, from its server to ours, and the way to a sign-out there. */

/** Registered for SAML's metadata (saml-metadata-2.0, appendix A). */
const METADATA_TYPE = 'application/samlmetadata+xml';

export const metadata = route({
  summary: 'Get our SAML metadata for a provider',
  description: 'Returns the XML that a SAML provider reads: our name, the address of our service, and our certificates.',
  permission: 'public',
  params: providerParams,
  form: 'passed_on',
  contentType: METADATA_TYPE,
  response: z.custom<PassOn>(),
  load: load.platform,
  handle: async (call) => {
    const { provider } = await discover(call);
    const { saml } = call.deps.protocols;
    if (provider.protocol !== 'saml' || saml === undefined) throw notFound('metadata');
    requirePublicUrl(call.deps);
    const xml = Buffer.from(saml.metadata(providerToAsk(call.deps, provider, 'present')));
    return (response) => {
      // What is passed on names its request itself.
      const ids = { 'x-request-id': call.requestId, 'request-id': call.requestId };
      response.writeHead(200, { 'content-type': `${METADATA_TYPE}; charset=utf-8`, 'content-length': xml.length, ...ids });
      response.end(xml);
    };
  },
});

export const backchannelLogout = route({
  summary: 'Take a back-channel logout',
  description:
    'An OpenID Connect provider tells that somebody signed out there. What it has shown in that session, or of that person, ends here.',
  permission: 'public',
  params: providerParams,
  takesForm: true,
  body: z.record(text(64), text(65_536)).meta({ description: 'The form with its one field `logout_token`.' }),
  response: z.object({ sessions_ended: z.int() }),
  load: load.platform,
  handle: async (call) => {
    const { provider } = await discover(call);
    const { oidc } = call.deps.protocols;
    if (provider.protocol !== 'oidc' || oidc?.readLogout === undefined) throw notFound('back-channel logout');
    const attempt = { owner: null, from: call.raw.ip, kind: 'sso' } as const;
    call.deps.identity.attempts.count(attempt);
    const told = await oidc
      .readLogout(providerToAsk(call.deps, provider, 'present'), new URLSearchParams(call.body))
      .catch((error: unknown) => {
        if (error instanceof ProviderUnreachable) throw new Problem(503, error.message, { headers: { 'retry-after': '60' } });
        throw error;
      });
    if (told.is === 'refused') throw invalid('/logout_token', told.words);
    call.deps.identity.attempts.forgive(attempt);
    const { sid, subject } = told;
    const ended = await change(call, async ({ tx, record }) => {
      const ended = await endEvidenceOfSignOut(tx, { providerId: provider.id, sid, subject });
      const after = { subject, sessions_ended: ended };
      if (ended > 0) await record({ ...providerEvent(provider), action: 'sign_in.provider_sign_out', before: null, after });
      return ended;
    });
    return { sessions_ended: ended };
  },
});

export const logout = route({
  summary: 'Get the address that ends a session at an identity provider',
  description:
    'For the page after a sign-out: signing out here ends no session at the provider. Null if an OpenID Connect provider has no such address, refuses a request without an ID token or does not answer, and for SAML. Headgate sends nobody there by itself.',
  permission: 'public',
  params: providerParams,
  response: z.object({ location: z.string().nullable() }),
  load: load.platform,
  handle: async (call) => {
    const { provider } = await discover(call);
    const { oidc } = call.deps.protocols;
    if (provider.protocol !== 'oidc' || provider.state !== 'active' || oidc?.logoutAddress === undefined)
      return { location: null };
    try {
      return { location: await oidc.logoutAddress(providerToAsk(call.deps, provider, 'present')) };
    } catch (error) {
      if (!(error instanceof ProviderUnreachable)) throw error;
      return { location: null };
    }
  },
});
