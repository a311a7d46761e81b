export type { Duration } from './foundation/duration.js';
export { Isol8Error, SpecError, UnsupportedError } from './foundation/errors.js';
export type { IpFamily } from './foundation/ip.js';
export type { IdRange } from './ids/ranges.js';
export type { IdMapChoice } from './ids/resolve.js';
export { netnsMounts } from './kept/netns-files.js';
export { ThreadError, type ThreadTarget } from './namespaces/enter.js';
export type {
  CapabilitySets,
  CgroupPath,
  NamespaceIdentity,
  NamespaceLinkName,
  ProcessInspection,
  ProcessUser,
} from './namespaces/inspect/inspection.js';
export { inspect } from './namespaces/inspect.js';
export type { NamespaceKind } from './namespaces/kinds.js';
export type {
  ListedNamespace,
  ListedProcess,
  NamespaceHolder,
  NamespaceList,
} from './namespaces/list/namespace.js';
export { list } from './namespaces/list.js';
export { Namespace } from './namespaces/namespace.js';
export type { NamespaceTarget } from './namespaces/open.js';
export type { SocketPlace } from './namespaces/open-socket.js';
export type { NamespaceAgentOptions, NamespaceHttpsAgentOptions } from './namespaces/sockets/agents.js';
export type { ConnectOptions } from './namespaces/sockets/connect.js';
export type { FetchInit } from './namespaces/sockets/fetch.js';
export type { ListenOptions } from './namespaces/sockets/listen.js';
export type { LookupOptions } from './namespaces/sockets/lookup.js';
export { SocketError } from './namespaces/sockets/socket-error.js';
export type { UdpOptions } from './namespaces/sockets/udp.js';
export {
  sethostname,
  setns,
  unshare,
  withNamespace,
} from './namespaces/thread.js';
export { Attachment } from './network/attachment.js';
export { Cable, type CableEnd, connectNamespaces } from './network/cable.js';
export type { MemberDescription, NetworkDescription } from './network/describe.js';
export { Network, type NetworkPlace } from './network/network.js';
export { type PingOptions, ping } from './network/ping.js';
export type { PublishedPort } from './network/published-ports.js';
export type { ResolvedPort } from './network/records.js';
export type { AttachSpec, CableSpec, NetworkSpec, VxlanSpec } from './network/spec.js';
export type { NetworkLeftover } from './network/sweep.js';
export type { UplinkAddresses, UplinkKind, UplinkOptions } from './network/uplink/options.js';
export type { UplinkPort } from './network/uplink/ports.js';
export type { UplinkTarget } from './network/uplink/target.js';
export { startUplink, type Uplink } from './network/uplink/uplink.js';
export * as nftables from './nftables/index.js';
export * from './rtnetlink/index.js';
export { type CreatedNamespaces, type CreateSpec, createNamespaces } from './sandbox/create-namespaces.js';
export type { ExplainFormat } from './sandbox/explain/explain.js';
export { type ExplainOptions, explain } from './sandbox/explain.js';
export type { ExitStatus, Process } from './sandbox/process.js';
export type { SignalName, SpawnSpec } from './sandbox/process-spec.js';
export { type RunResult, type RunSpec, run } from './sandbox/run.js';
export { spawn } from './sandbox/spawn.js';
export type {
  BindMount,
  DevptsMount,
  MountSpec,
  MqueueMount,
  NamespaceChoice,
  NamespacesSpec,
  ProcMount,
  Propagation,
  ResourceLimit,
  SandboxSpec,
  SysfsMount,
  TmpfsMount,
} from './sandbox/spec.js';
export type { Stdio, TerminalSize } from './sandbox/stdio.js';
export { StepError } from './sandbox/step-error.js';
export { SystemCallError } from './syscalls/binding.js';
export { type GraphOptions, graph } from './web/graph.js';
export type { GraphFormat } from './web/graph-formats.js';
