/** What is drawn, in words that all formats share. */

export interface NetPicture {
  /** The host first, then what is connected to it, then the rest. */
  readonly places: readonly Place[];
  readonly cables: readonly Cable[];
  /** What is missing in the picture, and why, as sentences. */
  readonly notes: readonly string[];
}

/** A network namespace. */
export interface Place {
  /** `n4026532177` */
  readonly id: string;
  readonly title: string;
  /** What else is known of it: `net 4026532177`, `this one`, `forwards IPv4`. */
  readonly about: readonly string[];
  /** How many places lie between it and the first one; undefined when nothing connects them. */
  readonly distance: number | undefined;
  /** A line each. */
  readonly processes: readonly string[];
  /** Ports are with what they are a port of. */
  readonly devices: readonly Device[];
  /** How many more devices there are. */
  readonly moreDevices: number;
  readonly routes: readonly string[];
  readonly translations: readonly string[];
}

type DeviceState = 'up' | 'down' | 'no carrier';

/** A network link. */
export interface Device {
  readonly index: number;
  readonly name: string;
  readonly kind: string;
  readonly state: DeviceState;
  readonly mtu: number;
  readonly addresses: readonly string[];
  /** Options, and where it leads when no cable says it. */
  readonly about: readonly string[];
  readonly ports: readonly Device[];
  /** How many more ports there are. */
  readonly morePorts: number;
}

/** One end of a cable. */
export interface CableEnd {
  readonly place: string;
  /** By its index; undefined where it is not known, or not drawn. */
  readonly device: number | undefined;
}

/** Away from the first place. */
export interface Cable {
  /** A veth pair, a link that stands on one of another namespace, the same seen from below, or a tunnel. */
  readonly kind: 'pair' | 'on' | 'carries' | 'tunnel';
  readonly from: CableEnd;
  readonly to: CableEnd;
  /** Of tunnels. */
  readonly label?: string;
}

export const devicesOf = ({ devices }: Pick<Place, 'devices'>): Device[] => devices.flatMap(withPorts);

const withPorts = (device: Device): Device[] => [device, ...device.ports.flatMap(withPorts)];
