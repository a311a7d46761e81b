// TEMPORARY

import { ipText } from '../foundation/ip.js';
import { AttributeWriter } from '../netlink/attribute-writer.js';
import { Attributes } from '../netlink/attributes.js';
import { NetlinkSocket } from '../netlink/socket.js';
export interface Link {
  index: number;
  name: string;
  kind?: string;
  up: boolean;
  mtu: number;
}
export interface Route {
  family: 'inet' | 'inet6';
  destination?: string;
  type: string;
  outputLink?: number;
  mtu?: number;
  table: number;
}
const dl = (m: any): Link => {
  const a = new Attributes(m.body, 16);
  const k = a.nest(18)?.text(1);
  return {
    index: m.body.readInt32LE(4),
    name: a.text(3) as string,
    up: (m.body.readUInt32LE(8) & 1) === 1,
    mtu: a.u32(4) as number,
    ...(k ? { kind: k } : {}),
  };
};
const T = ['unspec', 'unicast', 'local', 'broadcast', 'anycast', 'multicast', 'blackhole'];
const dr = (m: any): Route => {
  const a = new Attributes(m.body, 12);
  const d = a.bytes(1);
  const o = a.u32(4);
  return {
    family: m.body[0] === 2 ? 'inet' : 'inet6',
    type: T[m.body[7]] ?? '?',
    table: a.u32(15) ?? m.body[4],
    ...(d ? { destination: `${ipText(d)}/${m.body[1]}` } : {}),
    ...(o ? { outputLink: o } : {}),
  };
};
export class RouteSocket implements Disposable {
  constructor(private s: NetlinkSocket) {}
  static async open(o: any) {
    return new RouteSocket(await NetlinkSocket.open({ protocol: 0, namespace: o.namespace }));
  }
  batch(r: any) {
    return this.s.batch(r);
  }
  tryBatch(r: any) {
    return this.s.tryBatch(r);
  }
  request(r: any) {
    return this.s.request(r);
  }
  links = {
    list: async () =>
      (await this.s.dump({ type: 18, flags: 0, body: Buffer.alloc(16), what: 'list links' })).map(dl),
    find: async (t: number | string) => {
      const b = Buffer.alloc(16);
      const w = new AttributeWriter();
      if (typeof t === 'number') {
        b.writeInt32LE(t, 4);
        w.raw(b);
      } else w.raw(b).text(3, t);
      try {
        const m = await this.s.get({ type: 18, flags: 0, body: w.bytes, what: `get ${t}` });
        return m ? dl(m) : undefined;
      } catch (e: any) {
        if (e.code === 'ENODEV') return undefined;
        throw e;
      }
    },
  };
  routes = {
    list: async () =>
      [
        ...(await this.s.dump({
          type: 26,
          flags: 0,
          body: Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
          what: 'routes',
        })),
        ...(await this.s.dump({
          type: 26,
          flags: 0,
          body: Buffer.from([10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
          what: 'routes',
        })),
      ].map(dr),
    get: async (r: any) => {
      const m = await this.s.get(r);
      return m ? dr(m) : undefined;
    },
  };
  [Symbol.dispose]() {
    this.s[Symbol.dispose]();
  }
}
