import { FAILSAFE_SCHEMA, mergeTag } from 'js-yaml';

/** Every scalar is text, as it is written: `1.10` stays what it is. Merge keys (`<<`) are followed, as Helm does. */
export const INDEX_SCHEMA = FAILSAFE_SCHEMA.withTags(mergeTag);
