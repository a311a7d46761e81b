import type { OptionSpec } from '../options.js';

/** The network that it is attached to, and by which names and ports it is found there. */
export const runNetworkOptions = [
  {
    name: 'net',
    argument: 'required',
    value: 'NAME|host|none',
    choices: ['bridge', 'host', 'none'],
    open: true,
    group: 'Network',
    help: 'Attach it to a network of isol8 net; bridge is made when first used; without root it leads out by slirp4netns or pasta. Default none: loopback alone.',
  },
  {
    name: 'ip',
    argument: 'required',
    value: 'ADDRESS',
    group: 'Network',
    help: 'Its IPv4 address in the network.',
  },
  {
    name: 'ip6',
    argument: 'required',
    value: 'ADDRESS',
    group: 'Network',
    help: 'Its IPv6 address in the network.',
  },
  { name: 'mac', argument: 'required', value: 'ADDRESS', group: 'Network', help: 'Its MAC address.' },
  {
    ...{ name: 'name', argument: 'required', value: 'NAME', group: 'Network' },
    help: 'By which other members of the network find it; also its host name, unless that is given.',
  },
  {
    ...{ name: 'alias', argument: 'required', value: 'NAME', repeatable: true, group: 'Network' },
    help: 'Another such name.',
  },
  {
    ...{ name: 'publish', short: 'p', argument: 'required', value: '[ADDRESS:][PORT:]PORT[/udp]' },
    ...{ repeatable: true, group: 'Network' },
    help: "Have a port of the host lead to one of the program's. Ranges are written 8000-8010. On the host itself 127.0.0.1 has it, and ::1 does not. Without root slirp4netns has IPv4 alone, and an old pasta lets in only clients that speak first.",
  },
  {
    ...{ name: 'dns', argument: 'required', value: 'ADDRESS', repeatable: true, group: 'Network' },
    help: "A name server for it. Default the network's, or the host's.",
  },
  {
    ...{
      name: 'add-host',
      argument: 'required',
      value: 'NAME:ADDRESS',
      repeatable: true,
      group: 'Network',
    },
    help: 'Another line of its /etc/hosts.',
  },
] as const satisfies readonly OptionSpec[];
