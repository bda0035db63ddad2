import { createTransport } from 'nodemailer';
import type { Mail, Mailer, Sent } from './mailer.ts';

export interface SmtpOptions {
  /** `smtp://user:password@host:port` or `smtps://…`. */
  readonly url: string;
  readonly from: string;
  /** How long one message may take from the first connection to the server's answer. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;

/** Hands mail to an SMTP server. STARTTLS is used where the server offers it; a certificate that does not fit is a failure. */
export function createSmtpMailer({ url, from, timeoutMs = TIMEOUT_MS }: SmtpOptions): Mailer {
  const transport = createTransport(
    { url, connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs, dnsTimeout: timeoutMs },
    // Nothing of a message may name a file or an address whose content would be sent along.
    { from, disableFileAccess: true, disableUrlAccess: true },
  );
  return {
    configured: true,
    send: (mail) => within(timeoutMs, handOver(transport, mail)),
  };
}

async function handOver(transport: ReturnType<typeof createTransport>, mail: Mail): Promise<Sent> {
  try {
    // As an object, the address is one recipient whatever its characters are: no comma of it begins a second one.
    await transport.sendMail({ ...mail, to: { name: '', address: mail.to } });
    return { is: 'sent' };
  } catch (error) {
    return { is: 'failed', reason: reasonOf(error) };
  }
}

/** A code such as ECONNREFUSED or EAUTH and the server's status: its text may repeat what it was sent. */
function reasonOf(error: unknown): string {
  const { code, responseCode } = error as { readonly code?: unknown; readonly responseCode?: unknown };
  const status = typeof responseCode === 'number' ? `, the server answered ${responseCode}` : '';
  return `${typeof code === 'string' ? code : 'unknown failure'}${status}`;
}

/** The library bounds each step; this bounds all of them together. */
async function within(ms: number, sending: Promise<Sent>): Promise<Sent> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Sent>((resolve) => {
    timer = setTimeout(() => resolve({ is: 'failed', reason: `the mail server did not answer within ${ms} ms` }), ms);
  });
  try {
    return await Promise.race([sending, late]);
  } finally {
    clearTimeout(timer);
  }
}
