/** The dialogs that a platform admin opens over many organizations: alert rules, limits at once, templates. */
import type { Sight } from './sight.ts';
import { button, dialogNamed, exactly, inDialog, menuOf } from './sight-steps.ts';
import type { House, Page } from './support.ts';

const RULES = '/alerts?tab=rules';
const TEMPLATES = '/organizations?templates=1';

export function platformSights(): readonly Sight[] {
  return [
    sight('alert-rule-create', 'RuleDialogs: Create alert rule', RULES, button('Create alert rule')),
    sight('alert-rule-edit', 'RuleDialogs: Edit …', RULES, ofRule('Edit')),
    sight('alert-rule-delete', 'AlertRulesList: Delete alert rule', RULES, ofRule('Delete')),
    sight('alert-rule-test', 'AlertRulesList: Test of the alert rule', RULES, ofRule('Send a test')),
    sight('alert-sent', 'AlertsPage: Messages of this alert', '/alerts', exactly('Show messages')),
    sight('organizations-limits', 'ChangeLimits: Change limits of several organizations', '/organizations', openLimits),
    sight('templates', 'TemplatesDialog: Organization templates', TEMPLATES, (page) =>
      dialogNamed(page, 'Organization templates'),
    ),
    sight('template-create', 'TemplatesDialog: Create template', TEMPLATES, (page) => inDialog(page, 'Create template')),
    sight(
      'template-edit',
      'TemplatesDialog: Edit template …',
      TEMPLATES,
      ofTemplate((name) => name),
    ),
    sight(
      'template-delete',
      'TemplatesDialog: Delete template',
      TEMPLATES,
      ofTemplate((name) => `Delete ${name}`),
    ),
  ];
}

function sight(name: string, dialog: string, address: string, open: NonNullable<Sight['open']>): Sight {
  return { name, dialog, address, open };
}

/** Opens the menu of a rule that was just made, with a receiver. */
function ofRule(item: string) {
  return async (page: Page, house: House) => {
    const name = `Rule ${Date.now()}`;
    const hook = { name, url: 'https://nobody.invalid/headgate', events: [], format: 'slack' };
    const { id } = await house.api<{ id: string }>('POST', '/webhooks', hook);
    await house.api('POST', '/alert-rules', { name, kind: 'error_rate', webhook_ids: [id] });
    await page.goto(`${house.url}${RULES}&search=${encodeURIComponent(name)}`);
    await menuOf(name, item)(page);
  };
}

/** Clicks a button of a template that was just made. */
function ofTemplate(nameOf: (name: string) => string) {
  return async (page: Page, house: House) => {
    const name = `Template ${Date.now()}`;
    await house.api('POST', '/organization-templates', { name, settings: { rate_limits: { rpm: 60 } } });
    await page.goto(`${house.url}${TEMPLATES}`);
    await page
      .getByRole('dialog')
      .getByRole('button', { name: nameOf(name), exact: true })
      .click();
  };
}

async function openLimits(page: Page): Promise<void> {
  await page.getByRole('checkbox', { name: /Quiet Corner/ }).check();
  await exactly('Change limits')(page);
}
