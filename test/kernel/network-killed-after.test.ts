/** What is left when programs are killed over networks; by itself, since it takes as long as what is killed before a step. */
import { it } from 'node:test';
import { endsWithoutTrace } from './network-killed.js';
import { describeInOwnMounts } from './own-mounts.js';

describeInOwnMounts(import.meta.url, 'networks whose program is killed after a step', () => {
  it('leave nothing that gc does not remove, and others go on', () => endsWithoutTrace('after'));
});
