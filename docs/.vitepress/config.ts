import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitepress';
import { toSlug } from '../../tools/links/slug.ts';
import { NAVIGATION, toSidebar, toTopBar } from './navigation.ts';
import { linkOutside } from './outside-links.ts';

const ICON_FILE = new URL('../../ui/public/favicon.svg', import.meta.url);
/** The dashboard's, carried in the pages themselves. */
const ICON = `data:image/svg+xml,${encodeURIComponent(readFileSync(ICON_FILE, 'utf8').replaceAll(/\s+/g, ' '))}`;

// Everything that a page needs comes with the site: no fonts, scripts or services of others. Dead links fail the build.
export default defineConfig({
  title: 'Headwind',
  description: 'A Kubernetes operator that moves workloads to new container images and Helm charts.',
  lang: 'en',
  base: '/',
  outDir: '../dist/docs',
  cacheDir: '../node_modules/.vitepress',
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: ICON }]],
  sitemap: { hostname: 'https://headwind.sh' },
  markdown: {
    // The anchors of GitHub, so that a link with one works there too; and braces are what they are, not attributes.
    anchor: { slugify: toSlug },
    attrs: false,
    emoji: false,
    config: linkOutside,
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  },
  themeConfig: {
    logo: { src: ICON, alt: '' },
    nav: toTopBar(NAVIGATION),
    sidebar: toSidebar(NAVIGATION),
    outline: [2, 3],
    search: { provider: 'local' },
    socialLinks: [
      { icon: 'github', link: 'https://github.com/headwind-sh/headwind', ariaLabel: 'Source on GitHub' },
    ],
    editLink: {
      pattern: 'https://github.com/headwind-sh/headwind/edit/main/docs/:path',
      text: 'Propose a change of this page',
    },
    docFooter: { prev: 'Before', next: 'Next' },
    footer: { message: 'Headwind is free software under the MIT license.' },
  },
  vite: { publicDir: false, build: { chunkSizeWarningLimit: 2000 } },
});
