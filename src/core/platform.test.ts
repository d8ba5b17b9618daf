import { describe, expect, it } from 'vitest';
import { findPlatform, type Platform } from './platform.ts';

const on = (text: string): Platform => {
  const [os = '', architecture = ''] = text.split('/');
  return { os, architecture };
};

describe('an image and the nodes that it may land on', () => {
  it.each<[string, readonly string[], readonly string[], 'yes' | 'no' | 'unknown']>([
    ['fit where it is built for one of them', ['linux/amd64', 'linux/arm64'], ['linux/arm64'], 'yes'],
    ['fit where one of them can run it', ['linux/arm64'], ['linux/amd64', 'linux/arm64'], 'yes'],
    ['do not fit where none can', ['linux/arm64'], ['linux/amd64', 'linux/amd64'], 'no'],
    ['do not fit across systems', ['windows/amd64'], ['linux/amd64'], 'no'],
    ['are not known to fit without nodes', ['linux/arm64'], [], 'unknown'],
    ['are not known to fit where the image does not say', [], ['linux/amd64'], 'unknown'],
  ])('%s', (_name, image, nodes, fits) => {
    expect(findPlatform(image.map(on), nodes.map(on)).fits).toBe(fits);
  });

  it('are named when they do not fit', () => {
    expect(findPlatform([on('linux/s390x'), on('linux/arm64')], [on('linux/amd64')])).toEqual({
      fits: 'no',
      message:
        'the image is built for linux/arm64, linux/s390x, and the nodes that it may land on are linux/amd64',
    });
  });
});
