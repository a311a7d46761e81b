import type { CommandSpec, OptionSpec } from '../options.js';

export const NET_ACTIONS = [
  'create',
  'ls',
  'inspect',
  'rm',
  'connect',
  'disconnect',
  'gc',
  'ping',
  'probe',
] as const;
export type NetAction = (typeof NET_ACTIONS)[number];

/** Options of one or several of the actions; those without are for all. */
type NetOption = OptionSpec & { readonly actions?: readonly NetAction[] };

const forCreate = { group: 'Options for create', actions: ['create'] } as const;
const forConnect = { group: 'Options for connect', actions: ['connect'] } as const;

const OPTIONS = [
  {
    ...{ name: 'subnet', argument: 'required', value: 'PREFIX', ...forCreate },
    help: 'IPv4 addresses, as 10.1.0.0/24, or none. Default a part of 172.16.0.0/12 that no route has.',
  },
  {
    ...{ name: 'subnet6', argument: 'required', value: 'PREFIX', ...forCreate },
    help: 'IPv6 addresses, as fd00:1::/64, or none. Default a random unique local prefix, if the host has IPv6.',
  },
  {
    name: 'gateway',
    argument: 'required',
    value: 'ADDRESS',
    ...forCreate,
    help: "The host's IPv4 address in it.",
  },
  {
    name: 'gateway6',
    argument: 'required',
    value: 'ADDRESS',
    ...forCreate,
    help: "The host's IPv6 address in it.",
  },
  { name: 'internal', ...forCreate, help: 'No way out of it and none into it, but to and from the host.' },
  { name: 'isolated', ...forCreate, help: 'Members do not reach each other.' },
  { name: 'no-masquerade', ...forCreate, help: 'Leave members their own addresses outside.' },
  {
    name: 'mtu',
    argument: 'required',
    value: 'BYTES',
    ...forCreate,
    help: 'Default that of the link with the default route; with --vxlan what fits into its packets.',
  },
  {
    ...{ name: 'dns', argument: 'required', value: 'ADDRESS', repeatable: true, ...forCreate },
    help: "A name server of its members. Default the host's.",
  },
  {
    ...{
      name: 'vxlan',
      argument: 'required',
      value: 'id=N,remote=ADDRESS[,local=ADDRESS][,link=LINK][,port=N]',
      ...forCreate,
    },
    help: 'Extend it to another host, with the same --subnet and another --gateway there.',
  },
  {
    name: 'ip',
    argument: 'required',
    value: 'ADDRESS',
    ...forConnect,
    help: 'Its IPv4 address. To be given where VXLAN extends the network.',
  },
  {
    name: 'ip6',
    argument: 'required',
    value: 'ADDRESS',
    ...forConnect,
    help: 'Its IPv6 address. To be given where VXLAN extends the network.',
  },
  { name: 'mac', argument: 'required', value: 'ADDRESS', ...forConnect, help: 'Its MAC address.' },
  {
    name: 'interface',
    argument: 'required',
    value: 'NAME',
    ...forConnect,
    help: "The link's name inside. Default eth0, or the next that is free.",
  },
  {
    name: 'name',
    argument: 'required',
    value: 'NAME',
    ...forConnect,
    help: 'By which other members find it.',
  },
  {
    name: 'alias',
    argument: 'required',
    value: 'NAME',
    repeatable: true,
    ...forConnect,
    help: 'Another such name.',
  },
  {
    name: 'force',
    short: 'f',
    group: 'Options for rm',
    actions: ['rm'],
    help: 'Also while members are attached.',
  },
  {
    name: 'dry-run',
    short: 'n',
    group: 'Options for gc',
    actions: ['gc'],
    help: 'Only print what would be removed.',
  },
  {
    ...{
      name: 'in',
      argument: 'required',
      value: 'TARGET',
      group: 'Options for ping and probe',
      actions: ['ping', 'probe'],
    },
    help: 'From the network namespace of a pid, a path, or a name of isol8 ns.',
  },
  {
    ...{
      name: 'count',
      short: 'c',
      argument: 'required',
      value: 'N',
      group: 'Options for ping and probe',
      actions: ['ping'],
    },
    help: 'How many packets to send. Default 3.',
  },
  {
    ...{
      name: 'timeout',
      argument: 'required',
      value: 'DURATION',
      group: 'Options for ping and probe',
      actions: ['ping', 'probe'],
    },
    help: 'How long to wait for an answer. Default 2s.',
  },
  {
    name: 'explain',
    argument: 'optional',
    value: 'FORMAT',
    choices: ['sh'],
    group: 'Options',
    actions: ['create', 'connect', 'disconnect', 'rm'],
    help: 'Change nothing, and print the commands of ip, sysctl and nft that would do the same, as a shell script.',
  },
  {
    name: 'json',
    group: 'Options',
    actions: ['create', 'ls', 'inspect', 'connect', 'gc'],
    help: 'Print as JSON: what create and connect have made, what gc has removed, what ls and inspect find.',
  },
  { name: 'help', short: 'h', group: 'Options', help: 'Show this help.' },
] as const satisfies readonly NetOption[];

export const netCommand = {
  name: 'net',
  summary: 'Make networks, and attach namespaces to them',
  usage: [
    'create NAME [options]',
    'ls [--json]',
    'inspect NAME...',
    'rm NAME... [--force]',
    'connect NETWORK TARGET [options]',
    'disconnect NETWORK MEMBER',
    'gc [--dry-run]',
    'ping HOST [--in TARGET]',
    'probe HOST PORT [--in TARGET]',
  ],
  description:
    'A network is a bridge of this host. Namespaces attached to it have addresses in its subnets, reach each other by ' +
    'name, and the outside with an address of the host. TARGET is a pid, or the name of a net namespace that isol8 ns or ' +
    'ip-netns(8) keeps; MEMBER is a name or address in the network. isol8 run --net NAME attaches what it starts.\n\n' +
    'isol8 enter NAME and isol8 run --join net=TARGET see the names of the network that TARGET is a member of. A process that ' +
    'runs already keeps its own /etc/hosts.\n\n' +
    'Networks stay until rm, or until the machine is switched off. ping and probe prove that something is reached where ' +
    'no other program is there to do so; HOST is an address, or a name in a network that TARGET is in.',
  operands: 'any',
  operand: { choices: NET_ACTIONS },
  options: OPTIONS,
  examples: [
    { text: 'A network', command: 'isol8 net create web' },
    { text: 'A program in it', command: 'isol8 run --net web --name api -p 8080:80 -- ./server' },
    { text: 'Attach what runs already', command: 'isol8 net connect web 1234 --name db' },
    {
      text: 'Two hosts, on the other one with 203.0.113.1 and 10.9.0.2',
      command:
        'isol8 net create far --subnet 10.9.0.0/24 --gateway 10.9.0.1 \\\n--vxlan id=9,remote=203.0.113.2',
    },
    { text: 'And there', command: 'isol8 run --net far --ip 10.9.0.11 -- ping 10.9.0.12' },
    { text: 'What would that be in commands?', command: 'isol8 net connect web 1234 --explain' },
    { text: 'Is it reached from there?', command: 'isol8 net probe api 80 --in 1234' },
  ],
} as const satisfies CommandSpec;

/** The actions that an option belongs to. */
export const actionsOf = (option: OptionSpec): readonly NetAction[] =>
  (OPTIONS.find(({ name }) => name === option.name) as NetOption | undefined)?.actions ?? NET_ACTIONS;
