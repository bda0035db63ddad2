import {
  Collapse,
  Input,
  PasswordInput,
  SegmentedControl,
  Select,
  Stack,
  Switch,
  TagsInput,
  Text,
  Textarea,
  type TextareaProps,
  TextInput,
} from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useState } from 'react';
import { Disclosure } from '../../../components/Disclosure.tsx';
import { FormSection } from '../../../components/dialogs/FormSections.tsx';
import { ORGANIZATION_ROLES, RoleSelect } from '../../../components/fields/RoleSelect.tsx';
import { useIsPhone } from '../../../components/list/useIsPhone.ts';
import { bind } from '../../../forms/bind.ts';
import { RadioChoices } from '../../../forms/RadioChoices.tsx';
import { words } from '../words.ts';
import { CLIENT_AUTHENTICATIONS, PROMPTS, type ProviderDraft } from './provider-draft.ts';

interface ProviderFieldsProps {
  readonly form: UseFormReturnType<ProviderDraft>;
  /** True while the provider is created: the protocol can be chosen, and there is no secret yet. */
  readonly isNew: boolean;
}

/** The fields of an identity provider: its connection, and what its people get. */
export function ProviderFields({ form, isNew }: ProviderFieldsProps) {
  const { protocol } = form.values;
  return (
    <Stack gap="xl">
      <Stack gap="md">
        {isNew && (
          <Stack gap={4}>
            <SegmentedControl
              aria-label={words.protocol}
              data={[
                { value: 'oidc', label: words.protocolName.oidc },
                { value: 'saml', label: words.protocolName.saml },
              ]}
              {...form.getInputProps('protocol')}
            />
            <Text fz="xs" c="dimmed">
              {words.protocolMeans[protocol]}
            </Text>
          </Stack>
        )}
        <TextInput
          data-autofocus
          label={words.name}
          description={words.providerNameMeans}
          placeholder={words.providerNameExample}
          maxLength={100}
          {...form.getInputProps('name')}
        />
      </Stack>
      {protocol === 'oidc' ? <OidcFields form={form} isNew={isNew} /> : <SamlFields form={form} />}
      <PeopleFields form={form} />
    </Stack>
  );
}

function OidcFields({ form, isNew }: ProviderFieldsProps) {
  return (
    <FormSection title={words.connection}>
      <TextInput
        label={words.issuer}
        description={words.issuerMeans}
        placeholder={words.issuerExample}
        type="url"
        maxLength={2_048}
        {...form.getInputProps('issuer')}
      />
      <TextInput
        label={words.clientId}
        description={form.values.mayLackClientId ? words.clientIdLater : undefined}
        maxLength={500}
        spellCheck={false}
        {...form.getInputProps('client_id')}
      />
      <PasswordInput
        label={words.clientSecret}
        description={isNew ? words.clientSecretMeans : words.clientSecretStays}
        autoComplete="new-password"
        maxLength={2_000}
        visibilityToggleButtonProps={{ 'aria-label': words.showOrHideSecret }}
        {...form.getInputProps('client_secret')}
      />
      <TagsInput label={words.scopes} description={words.scopesMean} maxTags={20} {...arrayProps(form, 'scopes')} />
      <RareFields form={form} />
    </FormSection>
  );
}

/** The settings of OpenID Connect that few providers need. They are shown at once where one is set or has an error. */
function RareFields({ form }: Pick<ProviderFieldsProps, 'form'>) {
  const { prompt, client_authentication: sent } = form.values;
  const [isOpen, setOpen] = useState(prompt !== 'absent' || sent !== 'automatic');
  const isFaulty = form.errors.prompt !== undefined || form.errors.client_authentication !== undefined;
  const isShown = isOpen || isFaulty;
  return (
    <Stack gap="xs">
      <Disclosure isOpen={isShown} onToggle={() => setOpen(!isShown)}>
        {isShown ? words.fewerSettings : words.moreSettings}
      </Disclosure>
      <Collapse expanded={isShown}>
        <Stack gap="md">
          <RadioChoices
            of={bind(form, 'prompt')}
            label={words.prompt}
            about={words.promptMeans}
            choices={PROMPTS.map((value) => ({ value, label: words.promptOf[value], about: words.promptOfMeans[value] }))}
            disabled={false}
          />
          <RadioChoices
            of={bind(form, 'client_authentication')}
            label={words.clientAuthentication}
            about={words.clientAuthenticationMeans}
            choices={CLIENT_AUTHENTICATIONS.map((value) => ({
              value,
              label: words.sentBy[value],
              about: words.sentByMeans[value],
            }))}
            disabled={false}
          />
        </Stack>
      </Collapse>
    </Stack>
  );
}

function SamlFields({ form }: Pick<ProviderFieldsProps, 'form'>) {
  const { source } = form.values;
  const isPhone = useIsPhone();
  return (
    <FormSection title={words.connection}>
      <Stack gap={4}>
        <Input.Label labelElement="div" id="saml-source">
          {words.metadataOfProvider}
        </Input.Label>
        <SegmentedControl
          aria-labelledby="saml-source"
          orientation={isPhone ? 'vertical' : 'horizontal'}
          data={(['url', 'xml', 'hand'] as const).map((value) => ({ value, label: words.metadataFrom[value] }))}
          {...form.getInputProps('source')}
        />
        <Text fz="xs" c="dimmed">
          {words.metadataFromMeans[source]}
        </Text>
      </Stack>
      {source === 'url' && (
        <TextInput
          label={words.metadataUrl}
          placeholder={words.metadataExample}
          type="url"
          maxLength={2_048}
          {...form.getInputProps('metadata_url')}
        />
      )}
      {source === 'xml' && <CodeArea label={words.metadataXml} {...form.getInputProps('metadata_xml')} />}
      {source === 'hand' && (
        <>
          <TextInput label={words.entityIdOfProvider} maxLength={1_024} {...form.getInputProps('entity_id')} />
          <TextInput label={words.ssoUrl} type="url" maxLength={2_048} {...form.getInputProps('sso_url')} />
          <CodeArea label={words.certificates} description={words.certificatesMean} {...form.getInputProps('certificates')} />
        </>
      )}
      <Select
        label={words.nameId}
        description={words.nameIdMeans}
        allowDeselect={false}
        data={[
          { value: 'persistent', label: words.nameIdOf.persistent },
          { value: 'emailAddress', label: words.nameIdOf.emailAddress },
          { value: 'unspecified', label: words.nameIdOf.unspecified },
        ]}
        {...form.getInputProps('name_id')}
      />
      <TextInput
        label={words.emailAttribute}
        description={words.attributesMean}
        maxLength={500}
        {...form.getInputProps('email_attribute')}
      />
      <TextInput label={words.nameAttribute} maxLength={500} {...form.getInputProps('name_attribute')} />
    </FormSection>
  );
}

/** A large text that a machine wrote. */
function CodeArea(props: TextareaProps) {
  return (
    <Textarea
      autosize
      minRows={4}
      maxRows={10}
      maxLength={1_000_000}
      spellCheck={false}
      styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 'var(--mantine-font-size-xs)' } }}
      {...props}
    />
  );
}

/** The fields for what a person gets who comes in by the provider. */
function PeopleFields({ form }: Pick<ProviderFieldsProps, 'form'>) {
  const { creates_accounts: creates } = form.values;
  return (
    <FormSection title={words.people}>
      <Switch
        label={words.createAccounts}
        description={words.createAccountsMeans}
        {...form.getInputProps('creates_accounts', { type: 'checkbox' })}
      />
      {creates && (
        <RoleSelect
          roles={ORGANIZATION_ROLES}
          label={words.defaultRole}
          description={words.defaultRoleMeans}
          {...form.getInputProps('default_role')}
        />
      )}
      <TextInput
        label={words.groupsClaim}
        description={words.groupsClaimMeans}
        placeholder={words.groupsClaimExample}
        maxLength={200}
        {...form.getInputProps('groups_claim')}
      />
      <TagsInput
        label={words.secondFactorValues}
        description={words.secondFactorValuesMean}
        maxTags={20}
        {...arrayProps(form, 'second_factor_values')}
      />
    </FormSection>
  );
}

/** The props of an input for a list of texts, which has a type of its own for them. */
function arrayProps(form: UseFormReturnType<ProviderDraft>, field: 'scopes' | 'second_factor_values') {
  return {
    value: [...form.values[field]],
    onChange: (values: string[]) => form.setFieldValue(field, values),
    error: form.errors[field],
  };
}
