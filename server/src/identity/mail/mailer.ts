/** Sends mail to people: invitations, password resets and alerts. */
export interface Mailer {
  /** False if no mail server is configured: `send` then sends nothing, and the console must show links instead. */
  readonly configured: boolean;
  /** Sends one message. Never rejects and takes a bounded time, because failed mail must not fail the operation it reports. */
  send(mail: Mail): Promise<Sent>;
}

export interface Mail {
  /** One address. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** A file that is sent with the message. */
  readonly attachment?: { readonly fileName: string; readonly type: string; readonly content: string };
}

/** The outcome: the server took the message, or a sentence without secrets that says why not. */
export type Sent = { readonly is: 'sent' } | { readonly is: 'failed'; readonly reason: string };

/** The mailer when no mail server is configured. */
export const noMailer: Mailer = {
  configured: false,
  send: async () => ({ is: 'failed', reason: 'no mail server is configured: set HEADGATE_SMTP_URL' }),
};
