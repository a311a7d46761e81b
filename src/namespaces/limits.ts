/** A sysctl of namespaces(7) in /proc/sys/user that is 0, in a sentence, and the command that raises it. */
export function zeroLimit(kind: string): { readonly what: string; readonly mend: string } {
  const name = `user.max_${kind}_namespaces`;
  return { what: `${name} is 0.`, mend: `sysctl ${name}=15000` };
}
