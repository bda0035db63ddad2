// `npm run screens`: a picture of every page and dialog, light, dark and on a phone, in docs/screens. `npm run screens -- usage people` takes
// those two alone; `--to=<folder>` puts them elsewhere.
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { chromium } from '@playwright/test';
import { CHROMIUM } from '../../server/test/support/chromium.ts';
import { idsOf, show, sightsOf } from './pages.ts';
import { openHouse } from './support.ts';

const STANDARD = path.resolve(import.meta.dirname, '../../docs/screens');
const LOOKS = [
  { name: 'light', viewport: { width: 1360, height: 860 }, colorScheme: 'light' },
  { name: 'dark', viewport: { width: 1360, height: 860 }, colorScheme: 'dark' },
  { name: 'phone', viewport: { width: 390, height: 844 }, colorScheme: 'light' },
] as const;

const given = process.argv.slice(2);
const wanted = given.filter((word) => !word.startsWith('--'));
const to = given.find((word) => word.startsWith('--to='))?.slice('--to='.length);
const folder = to === undefined ? STANDARD : path.resolve(to);
if (wanted.length === 0 && to === undefined) rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const house = await openHouse();
const sights = sightsOf(await idsOf(house)).filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
let failed = 0;
for (const { name: look, viewport, colorScheme } of LOOKS) {
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
  const page = await context.newPage();
  for (const sight of sights) {
    try {
      await show(page, house, sight);
      await page.screenshot({ path: path.join(folder, `${sight.name}.${look}.png`), fullPage: sight.open === undefined });
    } catch (error) {
      failed += 1;
      console.error(`${sight.name}, ${look}: ${(error as Error).message.split('\n')[0]}`);
    }
  }
  await context.close();
}
await browser.close();
await house.gateway.stop();
console.log(`${sights.length} pages and dialogs × ${LOOKS.length} in ${path.relative(process.cwd(), folder)}, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
