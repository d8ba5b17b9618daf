import { createCollector, type IndexScan } from './index-entries.ts';
import { NoIndex } from './index-trouble.ts';
import { createJsonIndexScan } from './json-index-scan.ts';
import { createYamlIndexScan } from './yaml-index-scan.ts';

/** A scan of an index in YAML's block style or in JSON, whichever it turns out to be. */
export function createIndexScan(wanted: ReadonlySet<string>): IndexScan {
  const collector = createCollector(wanted);
  let scan: IndexScan | undefined;
  return {
    push(text) {
      if (scan === undefined) {
        const first = text.trimStart()[0];
        if (first === undefined) return;
        if (first === '<') throw new NoIndex('a page and no index');
        scan = first === '{' ? createJsonIndexScan(collector) : createYamlIndexScan(collector);
      }
      scan.push(text);
    },
    end() {
      if (scan === undefined) throw new NoIndex('nothing at all');
      return scan.end();
    },
  };
}
