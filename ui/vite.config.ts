import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** `npx vite ui` serves the sources while they are worked on, against a Headwind that runs beside it. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: { host: '127.0.0.1', proxy: { '/api': 'http://127.0.0.1:8082', '/auth': 'http://127.0.0.1:8082' } },
  build: {
    outDir: '../dist/ui',
    emptyOutDir: true,
    // What is older than these has no native dialogs and no popovers.
    target: ['chrome114', 'firefox125', 'safari17'],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: { output: { entryFileNames: 'assets/[name]-[hash].js' } },
  },
});
