// The floor of starting: reads a list page by page, and keeps nothing. Prints how many milliseconds that took.
// Arguments: URL of the list, objects per page. Environment: TOKEN, CA (PEM).
import { Agent, get } from 'node:https';

interface Page {
  readonly metadata: { readonly continue?: string };
}

const [list = '', limit = '100'] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, ca: process.env['CA'] });
const headers = { authorization: `Bearer ${process.env['TOKEN']}`, accept: 'application/json' };

function page(next: string): Promise<Page> {
  const url = new URL(list);
  url.searchParams.set('limit', limit);
  if (next !== '') url.searchParams.set('continue', next);
  return new Promise((resolve, reject) => {
    get(url, { agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(Buffer.concat(chunks).toString()));
        else reject(new Error(`${list} answered ${response.statusCode}`));
      });
    }).on('error', reject);
  });
}

const startedMs = performance.now();
let next = '';
do next = (await page(next)).metadata.continue ?? '';
while (next !== '');
console.log(performance.now() - startedMs);
agent.destroy();
