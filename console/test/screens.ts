// `npm run screens`: a picture of every page and dialog, light, dark, wide and on a phone, in docs/screens. `npm run screens -- usage people`
// takes those two alone; `--looks=phone,1280` takes these looks; `--to=<folder>` puts them elsewhere. A tab that no sight opens is named, and
// fails the run. The pages are compared with the routes by axe.spec.ts.
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { CHROMIUM } from '../../server/test/support/chromium.ts';
import { idsOf, show, sightsOf } from './pages.ts';
import { openHouse } from './support.ts';

const STANDARD = path.resolve(import.meta.dirname, '../../docs/screens');
/** A dialog is as wide on every screen, so it is looked at on one, and on a phone. */
const LOOKS = [
  { name: 'light', viewport: { width: 1440, height: 900 }, colorScheme: 'light', isOfDialogs: true },
  { name: 'dark', viewport: { width: 1440, height: 900 }, colorScheme: 'dark', isOfDialogs: true },
  { name: '1280', viewport: { width: 1280, height: 800 }, colorScheme: 'light', isOfDialogs: false },
  { name: '1920', viewport: { width: 1920, height: 1080 }, colorScheme: 'light', isOfDialogs: false },
  { name: 'phone', viewport: { width: 390, height: 844 }, colorScheme: 'light', isOfDialogs: true },
  { name: 'phone-dark', viewport: { width: 390, height: 844 }, colorScheme: 'dark', isOfDialogs: false },
] as const;

/** Tabs that show the same list of somebody else, which one sight is enough for. */
const OF_ONE_LIST = ['/access'];

const given = process.argv.slice(2);
const wanted = given.filter((word) => !word.startsWith('--'));
const optionOf = (name: string) => given.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
const to = optionOf('to');
const named = optionOf('looks')?.split(',');
const looks = LOOKS.filter(({ name }) => named?.includes(name) ?? true);
const folder = to === undefined ? STANDARD : path.resolve(to);
if (wanted.length === 0 && to === undefined && named === undefined) rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const house = await openHouse();
const sights = sightsOf(await idsOf(house)).filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
const tabs = tabsSeen();
let [failed, taken] = [0, 0];
for (const { name: look, viewport, colorScheme, isOfDialogs } of looks) {
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
  const page = await context.newPage();
  for (const sight of sights.filter(({ dialog }) => isOfDialogs || dialog === undefined)) {
    try {
      await show(page, house, sight);
      await page.screenshot({ path: path.join(folder, `${sight.name}.${look}.png`), fullPage: sight.open === undefined });
      taken += 1;
      if (look === 'light') await tabs.see(page);
    } catch (error) {
      failed += 1;
      console.error(`${sight.name}, ${look}: ${(error as Error).message.split('\n')[0]}`);
    }
  }
  await context.close();
}
await browser.close();
await house.gateway.stop();
const unseen = wanted.length > 0 ? [] : tabs.unseen();
for (const tab of unseen) console.error(`${tab}: no sight opens this tab`);
console.log(
  `${taken} pictures of ${sights.length} pages and dialogs in ${path.relative(process.cwd(), folder)}, ${failed} failed, ${unseen.length} tabs without a sight`,
);
process.exit(failed + unseen.length > 0 ? 1 : 0);

/** Collects the tabs of the pages that are shown, and which of them were open. A page is known by its address without ids. */
function tabsSeen() {
  const seen = new Map<string, boolean>();
  return {
    see: async (page: Page) => {
      const tabs = await page.getByRole('main').getByRole('tablist').first().getByRole('tab').all();
      const kind = new URL(page.url()).pathname.replaceAll(/[a-z]+_[0-9a-f]{8,}/g, '…');
      for (const tab of OF_ONE_LIST.includes(kind) ? [] : tabs) {
        const name = `${kind}: ${(await tab.textContent())?.replaceAll(/\d+/g, '').trim()}`;
        seen.set(name, seen.get(name) === true || (await tab.getAttribute('aria-selected')) === 'true');
      }
    },
    unseen: () => [...seen].filter(([, isOpen]) => !isOpen).map(([name]) => name),
  };
}
