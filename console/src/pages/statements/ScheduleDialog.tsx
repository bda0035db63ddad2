import { MultiSelect, Select, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { useTimeZone } from '../../api/organizations.ts';
import { listViews } from '../../api/saved-views.ts';
import { type MailDraft, scheduleMail } from '../../api/scheduled-mails.ts';
import { useSession } from '../../api/session.tsx';
import { CreateDialog } from '../../components/dialogs/CreateDialog.tsx';
import { hourText } from '../../numbers/times.ts';
import { weekdayText } from './mail-words.ts';
import { NoMailServer } from './NoMailServer.tsx';
import { words } from './words.ts';

interface ScheduleDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly organizationId: string;
  readonly isConfigured: boolean;
}

const STATEMENT = 'statement';

/** A draft. Selects hold texts. */
interface Draft {
  readonly name: string;
  readonly content: string;
  readonly every: string;
  readonly day: string;
  readonly hour: string;
  readonly form: string;
  readonly recipients: string[];
}

/** Schedules a mail of the statement or of a saved view, by default to oneself on the first day of the month. */
export function ScheduleDialog({ opened, onClose, organizationId, isConfigured }: ScheduleDialogProps) {
  const { account } = useSession();
  const initial: Draft = {
    name: words.monthlyStatement,
    content: STATEMENT,
    every: 'month',
    day: '1',
    hour: '8',
    form: 'csv',
    recipients: [account.id],
  };
  return (
    <CreateDialog
      opened={opened}
      onClose={onClose}
      title={words.scheduleEMail}
      initial={initial}
      validate={{
        name: (name) => (name.trim() === '' ? words.enterSubject : null),
        recipients: (ids) => (ids.length === 0 ? words.choosePerson : null),
      }}
      verb={words.scheduleEMail}
      invalidates={['scheduled-mails']}
      save={(draft) => scheduleMail(organizationId, mailOf(draft))}
    >
      {(form) => (
        <>
          {!isConfigured && <NoMailServer />}
          <Fields form={form} organizationId={organizationId} self={{ value: account.id, label: words.you(account.name) }} />
        </>
      )}
    </CreateDialog>
  );
}

function mailOf({ name, content, every, day, hour, form, recipients }: Draft): MailDraft {
  return {
    name: name.trim(),
    saved_view_id: content === STATEMENT ? null : content,
    every: every === 'week' ? 'week' : 'month',
    day: Number(day),
    hour: Number(hour),
    form: form === 'table' ? 'table' : 'csv',
    recipients,
  };
}

interface FieldsProps {
  readonly form: UseFormReturnType<Draft>;
  readonly organizationId: string;
  readonly self: { readonly value: string; readonly label: string };
}

function Fields({ form, organizationId, self }: FieldsProps) {
  const zone = useTimeZone(organizationId);
  const views = useQuery({ queryKey: ['saved-views', '/usage'], queryFn: () => listViews('/usage') });
  const people = useReaders(organizationId);
  const isWeek = form.values.every === 'week';
  const days = Array.from({ length: isWeek ? 7 : 28 }, (_, at) => String(at + 1));
  return (
    <>
      <TextInput data-autofocus label={words.subject} maxLength={80} {...form.getInputProps('name')} />
      <Select
        label={words.content}
        description={words.viewMeans}
        allowDeselect={false}
        data={[
          { value: STATEMENT, label: words.statementOfLastMonth },
          ...(views.data ?? []).map(({ id, name }) => ({ value: id, label: words.view(name) })),
        ]}
        {...form.getInputProps('content')}
      />
      <Select
        label={words.howOften}
        allowDeselect={false}
        data={[
          { value: 'week', label: words.everyWeek },
          { value: 'month', label: words.everyMonth },
        ]}
        {...form.getInputProps('every')}
        onChange={(every) => form.setValues({ every: every ?? 'month', day: '1' })}
      />
      <Select
        label={isWeek ? words.dayOfTheWeek : words.dayOfTheMonth}
        allowDeselect={false}
        data={days.map((value) => ({ value, label: isWeek ? weekdayText(Number(value)) : value }))}
        {...form.getInputProps('day')}
      />
      <Select
        label={words.hour}
        description={zone === undefined ? undefined : words.inTimeZone(zone)}
        allowDeselect={false}
        data={Array.from({ length: 24 }, (_, hour) => ({ value: String(hour), label: hourText(hour) }))}
        {...form.getInputProps('hour')}
      />
      <Select
        label={words.format}
        allowDeselect={false}
        data={[
          { value: 'csv', label: words.csvFile },
          { value: 'table', label: words.tableInEMail },
        ]}
        {...form.getInputProps('form')}
      />
      <MultiSelect
        label={words.to}
        description={words.whoCanGetIt}
        searchable
        maxValues={20}
        data={[self, ...people.filter(({ value }) => value !== self.value)]}
        {...form.getInputProps('recipients')}
      />
    </>
  );
}

const READERS: readonly string[] = ['org_owner', 'org_admin', 'org_billing', 'org_auditor'];

/** Returns the first 200 members whose role includes the usage of the whole organization. */
function useReaders(organizationId: string) {
  const members = useQuery({
    queryKey: ['members', organizationId, 'readers'],
    queryFn: () =>
      asked(api.GET('/organizations/{id}/members', { params: { path: { id: organizationId }, query: { limit: 200 } } })),
  });
  const rows = members.data?.data ?? [];
  return rows.filter(({ role }) => READERS.includes(role)).map(({ account_id, name }) => ({ value: account_id, label: name }));
}
