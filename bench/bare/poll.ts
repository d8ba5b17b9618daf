// The floor of a poll cycle: asks conditionally for the tags of each repository, and does nothing with the answers.
// Prints how many milliseconds that took. The first round fills the connections and is not counted.
// Arguments: host of the registry, how many repositories, how many questions at once.
import { Agent, get } from 'node:http';

const [host = '', count = '1', atOnce = '1'] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(atOnce) });
const headers = { 'if-none-match': '"state-1"', accept: 'application/json' };

function ask(repository: number): Promise<void> {
  return new Promise((resolve, reject) => {
    get(`http://${host}/v2/poll/app-${repository}/tags/list?n=1000`, { agent, headers }, (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 304) resolve();
        else reject(new Error(`the registry answered ${response.statusCode}`));
      });
    }).on('error', reject);
  });
}

async function askAll(repositories: number): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < repositories) {
      next += 1;
      await ask(next - 1);
    }
  };
  await Promise.all(Array.from({ length: Number(atOnce) }, work));
}

await askAll(Math.min(100, Number(count)));
const startedMs = performance.now();
await askAll(Number(count));
console.log(performance.now() - startedMs);
agent.destroy();
