/**
 * A call with a credential of which two secrets count. An answer that refuses the first is held back, and the same call is made with
 * the other secret, once. Whoever waits sees one call with one answer. A credential with one secret takes none of this.
 */
import type { DeploymentConfig } from '../../domain/routing/catalogue.ts';
import type { Provider, ProviderRequest } from '../../providers/provider.ts';
import type { UpstreamCall, UpstreamFailure, UpstreamHeaders, UpstreamSink } from '../../upstream/call.ts';
import type { SecretChoice } from '../deployments/secret-choice.ts';

const ERROR_BYTES_MAX = 64 * 1024;

/** Opens a call with the secret to present now. */
export function openWithSecrets(
  provider: Provider,
  request: ProviderRequest,
  sink: UpstreamSink,
  secrets: SecretChoice,
): UpstreamCall {
  const other = request.deployment.credential?.other ?? null;
  return other === null ? provider.open(request, sink) : new TwoSecretsCall(provider, request, sink, secrets);
}

/** An error answer that may refuse the secret. */
interface Held {
  readonly status: number;
  readonly headers: UpstreamHeaders;
  readonly chunks: Buffer[];
  bytes: number;
}

class TwoSecretsCall implements UpstreamCall, UpstreamSink {
  readonly #provider: Provider;
  readonly #request: ProviderRequest;
  readonly #sink: UpstreamSink;
  readonly #secrets: SecretChoice;
  #presented: DeploymentConfig;
  #call: UpstreamCall;
  #held: Held | null = null;
  #isSecond = false;
  #isAborted = false;

  constructor(provider: Provider, request: ProviderRequest, sink: UpstreamSink, secrets: SecretChoice) {
    this.#provider = provider;
    this.#request = request;
    this.#sink = sink;
    this.#secrets = secrets;
    this.#presented = secrets.chosen(request.deployment);
    this.#call = this.#open();
  }

  get sent(): boolean {
    return this.#call.sent;
  }

  abort(): void {
    this.#isAborted = true;
    this.#call.abort();
  }

  resume(): void {
    this.#call.resume();
  }

  head(status: number, headers: UpstreamHeaders): void {
    if (this.#isSecond && status < 300) this.#secrets.worked(this.#request.deployment, this.#presented);
    if (!this.#isSecond && status >= 400) this.#held = { status, headers, chunks: [], bytes: 0 };
    else this.#sink.head(status, headers);
  }

  data(chunk: Buffer): boolean {
    const held = this.#held;
    if (held === null) return this.#sink.data(chunk);
    held.chunks.push(chunk);
    held.bytes += chunk.length;
    if (held.bytes < ERROR_BYTES_MAX) return true;
    const first = this.#call;
    if (this.#refusesSecret(held) && this.#triedOther()) first.abort();
    else this.#pass(held);
    return true;
  }

  end(): void {
    const held = this.#held;
    if (held !== null && this.#refusesSecret(held) && this.#triedOther()) return;
    if (held !== null) this.#pass(held);
    if (!this.#isAborted) this.#sink.end();
  }

  failed(failure: UpstreamFailure): void {
    if (failure.refusesSecret && this.#triedOther()) return;
    if (this.#held !== null) this.#pass(this.#held);
    if (!this.#isAborted) this.#sink.failed(failure);
  }

  #open(): UpstreamCall {
    return this.#provider.open({ ...this.#request, deployment: this.#presented }, this);
  }

  /** Passes on what was held back: it refused something else, or there is no other secret. */
  #pass({ status, headers, chunks }: Held): void {
    this.#held = null;
    this.#sink.head(status, headers);
    for (const chunk of chunks) if (!this.#isAborted) this.#sink.data(chunk);
  }

  #refusesSecret({ status, headers, chunks }: Held): boolean {
    try {
      return this.#provider.readError(status, headers, Buffer.concat(chunks), this.#presented.credential).kind === 'credential';
    } catch {
      return false;
    }
  }

  /** Makes the call with the other secret. Returns false if there is none to try. The transport calls it, so it must not throw. */
  #triedOther(): boolean {
    const other = this.#isSecond ? null : this.#secrets.otherThan(this.#request.deployment, this.#presented);
    if (other === null) return false;
    [this.#held, this.#isSecond, this.#presented] = [null, true, other];
    try {
      this.#call = this.#open();
      return true;
    } catch {
      return false;
    }
  }
}
