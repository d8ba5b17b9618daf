import { expect, it } from 'vitest';
import { registryPage } from './registry-page.ts';

it.each([
  ['nginx:1.27', 'https://hub.docker.com/_/nginx/tags?name=1.27'],
  ['docker.io/acme/shop:2', 'https://hub.docker.com/r/acme/shop/tags?name=2'],
  ['quay.io/acme/shop:2', 'https://quay.io/repository/acme/shop?tab=tags&tag=2'],
  ['ghcr.io/acme/shop/web:2', 'https://github.com/acme/shop'],
  ['registry.gitlab.com/acme/shop/web:2', 'https://gitlab.com/acme/shop/container_registry'],
  ['registry.example.com/shop:2', undefined],
  ['NOT AN IMAGE', undefined],
])('people read about %s at %s', (image, page) => {
  expect(registryPage(image)).toBe(page);
});
