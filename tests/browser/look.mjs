// Looks at the pages of a rehearsal's world as a person would: the first page, then each link on it.
import chromium from '@sparticuz/chromium';
import puppeteer from 'puppeteer-core';

const home = process.argv[2];
const wrong = [];
const holds = (what, so) => {
  console.log(`${so ? 'ok   ' : 'WRONG'} ${what}`);
  if (!so) wrong.push(what);
};

const browser = await puppeteer.launch({
  args: [...chromium.args, '--no-sandbox'],
  executablePath: await chromium.executablePath(),
  headless: 'shell',
  defaultViewport: { width: 1280, height: 900 },
});
const page = await browser.newPage();
// A browser asks for an icon by itself.
const idle = (address) => address.endsWith('/favicon.ico');
page.on('pageerror', (error) => holds(`a script on a page: ${error.message}`, false));
page.on('request', (asked) => holds(`asked on loopback: ${asked.url()}`, asked.url().startsWith(home)));
page.on('response', (said) => {
  if (!idle(said.url())) holds(`${said.status()} ${said.url()}`, said.ok());
});

const text = () => page.evaluate(() => document.body.textContent);
await page.goto(home);
const first = await text();
holds('the title names the tag', (await page.title()).startsWith('rehearsal of v'));
holds('nothing was refused', first.includes('nothing was refused'));
holds('the requests are listed', (await page.$$('table tr')).length > 30);
holds('nothing runs over the edge', await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));

const links = await page.$$eval('a', (all) => all.map((one) => [one.textContent, one.href]));
const seen = {};
for (const [what, to] of links) {
  await page.goto(to);
  seen[what] = (seen[what] ?? '') + (await text());
}
const shows = (what, part) => holds(`${what}: ${part}`, seen[what]?.includes(part));
shows('release', 'tidepool_demo-');
shows('files of the project', '.whl');
shows('files of the project', '.tar.gz');
shows('provenance', 'attestation_bundles');
shows('transparency log', 'rootHash');

// A file is taken from the index's page by a click.
const [, index] = links.find(([what]) => what === 'files of the project');
await page.goto(index);
const file = await page.$eval('a', (first) => first.href);
holds(`a file lies on loopback: ${file}`, file.startsWith(home));

await browser.close();
if (wrong.length > 0) {
  console.error(`${wrong.length} wrong`);
  process.exit(1);
}
