import type { KubeObject } from './chart.ts';
import { at, listAt, mapAt, textAt, textsAt } from './tree.ts';

/** Where a pod wants to go: an address, or a pod of a namespace. */
export interface Target {
  port: number;
  ip?: string;
  namespace?: string;
  labels?: Record<string, string>;
}

type Labels = Record<string, string>;

/** Whether the policies let a pod with these labels go there, as Kubernetes decides. */
export function mayReach(policies: readonly KubeObject[], pod: Labels, target: Target): boolean {
  const selecting = policies.filter(({ tree }) => isSelected(at(tree, 'spec', 'podSelector'), pod));
  const closing = selecting.filter(({ tree }) =>
    listAt(tree, 'spec', 'policyTypes').includes('Egress'),
  );
  if (closing.length === 0) return true;
  return closing.some(({ tree }) =>
    listAt(tree, 'spec', 'egress').some((rule) => allows(rule, target)),
  );
}

/** Whether the policies let anybody in. */
export function mayBeReached(policies: readonly KubeObject[], pod: Labels): boolean {
  const closing = policies.filter(
    ({ tree }) =>
      isSelected(at(tree, 'spec', 'podSelector'), pod) &&
      listAt(tree, 'spec', 'policyTypes').includes('Ingress'),
  );
  if (closing.length === 0) return true;
  return closing.some(({ tree }) => listAt(tree, 'spec', 'ingress').length > 0);
}

function allows(rule: unknown, target: Target): boolean {
  const ports = listAt(rule, 'ports');
  const isPort = ports.length === 0 || ports.some((port) => at(port, 'port') === target.port);
  const peers = listAt(rule, 'to');
  return isPort && (peers.length === 0 || peers.some((peer) => isPeer(peer, target)));
}

function isPeer(peer: unknown, { ip, namespace = 'data', labels }: Target): boolean {
  if (at(peer, 'ipBlock') !== undefined) {
    const inside = (cidr: string): boolean => ip !== undefined && isInside(ip, cidr);
    const except = listAt(peer, 'ipBlock', 'except').map((cidr) => textAt(cidr));
    return inside(textAt(peer, 'ipBlock', 'cidr')) && !except.some(inside);
  }
  if (labels === undefined) return false;
  const spaces = at(peer, 'namespaceSelector');
  const isSpace =
    spaces === undefined
      ? namespace === 'data'
      : isSelected(spaces, { 'kubernetes.io/metadata.name': namespace });
  return isSpace && isSelected(at(peer, 'podSelector'), labels);
}

function isSelected(selector: unknown, labels: Labels): boolean {
  const matches = Object.entries(textsAt(selector, 'matchLabels'));
  const expressions = listAt(selector, 'matchExpressions').map((each) => mapAt(each));
  return (
    matches.every(([key, value]) => labels[key] === value) &&
    expressions.every((expression) => {
      if (expression['operator'] !== 'In') throw new Error('only In is known');
      return listAt(expression, 'values').includes(labels[textAt(expression, 'key')]);
    })
  );
}

function isInside(ip: string, cidr: string): boolean {
  const [base = '', bits = '32'] = cidr.split('/');
  const shift = 2 ** (32 - Number(bits));
  return Math.floor(numberOf(ip) / shift) === Math.floor(numberOf(base) / shift);
}

function numberOf(ip: string): number {
  return ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
