import { useQuery } from '@tanstack/react-query';
import { api, asked, type Schema } from './client.ts';

/** The calls of scheduled mails. */

export type ScheduledMail = Schema<'ScheduledMail'>;

/** The part of a schedule that a person chooses. */
export interface MailDraft {
  readonly name: string;
  /** Null: the statement of the last month. */
  readonly saved_view_id: string | null;
  readonly every: ScheduledMail['every'];
  readonly day: number;
  readonly hour: number;
  readonly form: ScheduledMail['form'];
  readonly recipients: readonly string[];
}

export function useScheduledMails(organizationId: string) {
  return useQuery({
    queryKey: ['scheduled-mails', organizationId],
    queryFn: () => asked(api.GET('/organizations/{id}/scheduled-mails', { params: { path: { id: organizationId } } })),
  });
}

export function scheduleMail(organizationId: string, { recipients, ...draft }: MailDraft): Promise<ScheduledMail> {
  const body = { ...draft, recipients: [...recipients] };
  return asked(api.POST('/organizations/{id}/scheduled-mails', { params: { path: { id: organizationId } }, body }));
}

export function setMailStatus(id: string, status: ScheduledMail['status']): Promise<ScheduledMail> {
  return asked(api.PATCH('/scheduled-mails/{id}', { params: { path: { id } }, body: { status } }));
}

export async function deleteMail(id: string): Promise<void> {
  await asked(api.DELETE('/scheduled-mails/{id}', { params: { path: { id } } }));
}

export function testMail(id: string) {
  return asked(api.POST('/scheduled-mails/{id}/test', { params: { path: { id } } }));
}
