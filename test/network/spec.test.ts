import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hostsText } from '../../src/network/names.js';
import { resolverText } from '../../src/network/resolver-file.js';
import {
  type AttachSpec,
  checkAttachSpec,
  checkNetworkSpec,
  type NetworkSpec,
} from '../../src/network/spec.js';

const refusesNetwork = (spec: Omit<NetworkSpec, 'name'>, field: string): void => {
  assert.throws(
    () => checkNetworkSpec({ name: 'web', ...spec }),
    { code: 'ERR_SPEC', field },
    JSON.stringify(spec),
  );
};
const refusesMember = (spec: AttachSpec, field: string): void => {
  assert.throws(() => checkAttachSpec(spec), { code: 'ERR_SPEC', field }, JSON.stringify(spec));
};

describe('the spec of a network', () => {
  it('has a gateway that a host can have', () => {
    for (const gateway of ['10.1.0.0', '10.1.0.255', '10.2.0.1'])
      refusesNetwork({ subnet: '10.1.0.0/24', gateway }, 'gateway');
    checkNetworkSpec({ name: 'web', subnet: '10.1.0.0/24', gateway: '10.1.0.254' });
    refusesNetwork({ subnet6: 'fd00:1::/64', gateway6: 'fd00:1::' }, 'gateway6');
    checkNetworkSpec({ name: 'web', subnet6: 'fd00:1::/64', gateway6: 'fd00:1::ffff' });
  });

  it('has no subnet that the kernel gives another meaning', () => {
    for (const subnet of [
      '224.0.0.0/8',
      '239.1.0.0/16',
      '0.0.0.0/8',
      '127.0.0.0/8',
      '127.1.0.0/16',
      '255.255.255.0/24',
    ])
      refusesNetwork({ subnet }, 'subnet');
    for (const subnet6 of ['ff00::/8', 'ff05::/64', '::/8', '::1:0/112', 'fe80::/64'])
      refusesNetwork({ subnet6 }, 'subnet6');
    for (const subnet of ['10.0.0.0/8', '192.0.2.0/24', '169.254.7.0/24', '223.0.0.0/8'])
      checkNetworkSpec({ name: 'web', subnet });
  });
});

describe('the spec of a member', () => {
  it('has a link name that the kernel takes as it stands', () => {
    for (const name of [
      'x%d',
      '%',
      'all',
      'default',
      '.',
      '..',
      'a/b',
      'a b',
      'a\tb',
      'a:1',
      '',
      'sixteen-letters!',
      'ééééééé1x',
    ])
      refusesMember({ interface: name }, 'interface');
    for (const name of ['eth0', 'eth0.5', 'fifteen-letters', 'x@y']) checkAttachSpec({ interface: name });
  });

  it('has no name that means something else already', () => {
    for (const name of [
      'localhost',
      'LocalHost',
      'host.isol8.internal',
      'ip6-loopback',
      'ip6-allnodes',
      '10.0.0.1',
    ]) {
      refusesMember({ name }, 'name');
      refusesMember({ aliases: ['db', name] }, 'aliases[1]');
    }
    checkAttachSpec({ name: 'localhost.example', aliases: ['1.2.3'] });
    const text = hostsText({ gateway: '10.0.0.1' }, []);
    assert.match(text, /^127\.0\.0\.1\tlocalhost\n.*10\.0\.0\.1\thost\.isol8\.internal\n$/s);
  });
});

describe('resolv.conf of a network', () => {
  const host = 'search example.org\nnameserver 192.0.2.53\noptions ndots:2\n';
  it('keeps search list and options where no server is reached', () => {
    const text = resolverText({ dns: [] }, () => host);
    assert.deepEqual(
      text.split('\n').filter((line) => !line.startsWith('#')),
      ['search example.org', 'options ndots:2', ''],
    );
  });
});
