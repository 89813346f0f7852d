// How a server is reached, in a line.

export function shown(target) {
  if (!target) return '';
  if (target.transport === 'stdio') return target.spec || target.command;
  return target.url;
}
