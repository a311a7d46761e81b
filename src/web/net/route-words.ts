import type { Link } from '../../rtnetlink/links/link.js';
import type { Nexthop, Route } from '../../rtnetlink/routes/decode.js';
import { TABLES } from '../../rtnetlink/scopes.js';
import { few, plain, shortened } from './plain.js';

const MOST_ROUTES = 6;
/** What forbids a way is a route, too. */
const SHOWN: readonly (string | number)[] = ['unicast', 'blackhole', 'unreachable', 'prohibit', 'throw'];
/** Who says by himself what is directly behind a link, which its addresses say already. */
const IMPLIED: readonly (string | number)[] = ['kernel', 'ra'];

/** Routes as ip-route(8) writes them, the default ones first, without those that the addresses of links say already. */
export function routeWords(routes: readonly Route[], links: readonly Link[]): string[] {
  const names = new Map(links.map(({ index, name }) => [index, plain(name)]));
  const shown = routes.filter(isShown).sort((a, b) => Number(isDefault(b)) - Number(isDefault(a)));
  const { shown: first, more } = few(shown, MOST_ROUTES);
  const words = first.map((route) => shortened(wordsOf(route, names)));
  return more === 0 ? words : [...words, `and ${more} more routes`];
}

const isDefault = ({ prefixLength, type }: Route): boolean => prefixLength === 0 && type === 'unicast';

function isShown({ type, table, cloned, protocol, gateway, nexthops, prefixLength }: Route): boolean {
  if (cloned || table === TABLES.local || !SHOWN.includes(type)) return false;
  const isDirect = gateway === undefined && nexthops === undefined;
  if (type === 'unicast') return !(isDirect && prefixLength > 0 && IMPLIED.includes(protocol));
  return !(prefixLength === 0 && protocol === 'kernel'); // what IPv6 has in place of no default route
}

function wordsOf(route: Route, names: ReadonlyMap<number, string>): string {
  const { type, destination, prefixLength, family, table, metric, nexthops } = route;
  const isHost = prefixLength === (family === 'inet' ? 32 : 128);
  const whole = isHost ? destination : `${destination}/${prefixLength}`;
  const words = [prefixLength === 0 ? (family === 'inet' ? 'default' : 'default (IPv6)') : whole];
  if (type !== 'unicast') words.unshift(String(type));
  words.push(...(nexthops === undefined ? wayWords(route, names) : nexthopWords(nexthops, names)));
  if (table !== TABLES.main) words.push(`table ${table}`);
  if (metric !== undefined && type === 'unicast' && family === 'inet') words.push(`metric ${metric}`);
  return words.join(' ');
}

function wayWords({ gateway, link }: Pick<Nexthop, 'gateway' | 'link'>, names: ReadonlyMap<number, string>) {
  const words = gateway === undefined ? [] : ['via', gateway];
  if (link !== undefined) words.push('dev', names.get(link) ?? `${link}`);
  return words;
}

const nexthopWords = (nexthops: readonly Nexthop[], names: ReadonlyMap<number, string>): string[] => [
  nexthops.map((nexthop) => wayWords(nexthop, names).join(' ')).join(' or '),
];
