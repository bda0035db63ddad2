import { Button, Divider, Group, Radio, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { type UseFormReturnType, useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { fieldErrorsOf, isAllAtFields } from '../../api/field-errors.ts';
import { ProblemNote } from '../../components/Asked.tsx';
import { newIdempotencyKey } from '../../components/dialogs/FormDialog.tsx';
import { ObjectSelect } from '../../components/fields/ObjectSelect.tsx';
import { TargetsPicker } from '../../components/fields/TargetPicker.tsx';
import { WholeNumberInput } from '../../components/fields/WholeNumberInput.tsx';
import { decimalOf, isAmbiguous } from '../../forms/decimal.ts';
import { slugOf } from '../../forms/slug.ts';
import { makeOrganization } from './make.ts';
import { StepFrame } from './StepFrame.tsx';
import type { Steps } from './steps.ts';
import { useStepGuard } from './useStepGuard.ts';

const BUDGET_FIRST = '100.00';

interface Draft {
  name: string;
  slug: string;
  budget: string;
  rpm: number | '';
  access: 'all' | 'selected';
  targets: string[];
}

type Form = UseFormReturnType<Draft>;

/** Creates the first organization: its name, budget, rate limit and access. Its own page has everything else. */
export function OrganizationStep({ steps }: { steps: Steps }) {
  const form = useForm<Draft>({
    initialValues: { name: '', slug: '', budget: BUDGET_FIRST, rpm: 600, access: 'all', targets: [] },
    validate: {
      name: (name) => (name.trim() === '' ? 'Enter a name.' : null),
      budget: budgetFault,
    },
  });
  const making = useMaking(form, steps);
  return (
    <form onSubmit={form.onSubmit((draft) => making.mutate(draft))} noValidate>
      <StepFrame
        title="Create an organization"
        about="A tenant with shared limits: all its teams and keys count against the same limits and budgets."
        steps={steps}
        action={
          <Button type="submit" loading={making.isPending}>
            Create organization
          </Button>
        }
      >
        <Existing steps={steps} />
        <Fields form={form} />
        {making.isError && !isAllAtFields(making.error, (path) => path in form.errors) && <ProblemNote error={making.error} />}
      </StepFrame>
    </form>
  );
}

/** Creates the organization once, however often it is called, and goes to the next step. */
function useMaking(form: Form, steps: Steps) {
  const queryClient = useQueryClient();
  const [key] = useState(newIdempotencyKey);
  const release = useStepGuard(form.values.name !== '');
  return useMutation({
    mutationFn: (draft: Draft) => makeOrganization(wantedOf(draft), key),
    onSuccess: async ({ id }) => {
      release();
      await queryClient.invalidateQueries({ queryKey: ['first-run'] });
      steps.next({ organization: id, team: undefined, key: undefined });
    },
    onError: (error) => form.setErrors(formErrorsOf(error)),
  });
}

function budgetFault(text: string): string | null {
  const typed = text.trim();
  if (isAmbiguous(typed)) return 'A comma can separate thousands or decimals. Write 1000 or 1.00.';
  return typed === '' || /^\d+([.,]\d+)?$/.test(typed) ? null : 'Enter an amount in USD, such as 100.00.';
}

function wantedOf({ name, slug, budget, rpm, access, targets }: Draft) {
  return {
    name: name.trim(),
    slug: slug.trim(),
    budget: decimalOf(budget),
    rpm: rpm === '' ? null : rpm,
    targets: access === 'all' ? null : targets,
  };
}

function Existing({ steps }: { steps: Steps }) {
  const [chosen, setChosen] = useState(steps.made.organization);
  return (
    <>
      <Group align="flex-end" gap="xs">
        <ObjectSelect kind="organization" label="Existing organization" value={chosen} onChange={setChosen} />
        <Button
          variant="default"
          disabled={chosen === undefined}
          onClick={() => steps.next({ organization: chosen, team: undefined, key: undefined })}
        >
          Use this organization
        </Button>
      </Group>
      <Divider label="or create a new one" />
    </>
  );
}

function Fields({ form }: { form: Form }) {
  const [isSlugOwn, setSlugOwn] = useState(false);
  return (
    <>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          label="Name"
          required
          maxLength={400}
          {...form.getInputProps('name')}
          onChange={(event) => {
            const { value } = event.currentTarget;
            form.setFieldValue('name', value);
            if (!isSlugOwn) form.setFieldValue('slug', slugOf(value));
          }}
        />
        <TextInput
          label="Slug"
          required
          {...form.getInputProps('slug')}
          onChange={(event) => {
            setSlugOwn(true);
            form.setFieldValue('slug', event.currentTarget.value);
          }}
        />
        <TextInput
          label="Budget per month, USD"
          description="Requests are refused when it is used up. Empty: no budget."
          leftSection="$"
          inputMode="decimal"
          {...form.getInputProps('budget')}
        />
        <WholeNumberInput
          label="Requests per minute"
          description="In any 60 seconds. Empty: no limit. 0: every request is refused."
          {...form.getInputProps('rpm')}
        />
      </SimpleGrid>
      <Radio.Group label="What it can call" {...form.getInputProps('access')}>
        <Stack gap={6} mt={4}>
          <Radio value="all" label="Everything, future models included" />
          <Radio value="selected" label="Only selected models" />
        </Stack>
      </Radio.Group>
      {form.values.access === 'selected' && (
        <TargetsPicker
          label="Models and route groups"
          value={form.values.targets}
          onChange={(targets) => form.setFieldValue('targets', targets)}
          error={form.errors.targets as string | undefined}
        />
      )}
    </>
  );
}

/** Maps the server's field names to those of this form. */
function formErrorsOf(error: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fieldErrorsOf(error)).map(([path, message]) => {
      if (path.startsWith('budgets')) return ['budget', message];
      if (path.startsWith('rate_limits')) return ['rpm', message];
      if (path.startsWith('asset_access')) return ['targets', message];
      return [path, message];
    }),
  );
}
